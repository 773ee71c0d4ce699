"""How far a count of many pictures is: how many, how fast, how much longer."""

from __future__ import annotations

import time
from typing import Any

import pytest

from countlab.batch.question import Progress
from countlab.cli.counting_many import ProgressLine, progress_text


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C.UTF-8")


def at_work(**changed: Any) -> Progress:
    """Ten seconds after the start, at ten pictures a second."""
    progress = Progress(counted=100, listed=1000, listing_ended=True, chunks=10)
    progress.started = time.monotonic() - 10
    for name, value in changed.items():
        setattr(progress, name, value)
    return progress


def test_the_rate_and_the_time_left_are_said() -> None:
    text = progress_text(at_work())
    assert text == "100 of 1,000 pictures · 10 a second · 0:01:30 left"


def test_a_run_that_goes_on_counts_what_was_done_before_but_not_its_time() -> None:
    text = progress_text(at_work(before=800))
    assert "900" in text
    assert "0:00:10" in text


def test_while_the_listing_goes_on_the_end_is_not_known() -> None:
    text = progress_text(at_work(listing_ended=False))
    assert "≥ 1,000" in text
    assert "0:0" not in text


def test_of_archives_the_time_left_follows_from_the_files_done() -> None:
    progress = at_work(exact=False, listed=10, chunks_done=2)
    assert progress.remaining_s == pytest.approx(40, rel=0.1)
    assert "0:00:40" in progress_text(progress)
    assert at_work(exact=False).remaining_s is None


def test_pictures_that_failed_are_counted_apart() -> None:
    assert progress_text(at_work(failed=7)).endswith(" · 7 with an error")
    assert "error" not in progress_text(at_work())


def test_a_log_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line, now = ProgressLine(), time.monotonic()
    monkeypatch.setattr("countlab.cli.counting_many.time.monotonic", lambda: now)
    for _ in range(200):
        now += 0.5
        line.show(at_work())
    assert 2 <= len(capsys.readouterr().err.splitlines()) <= 4
