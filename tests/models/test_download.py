"""How one file comes: whole or not at all, from the first address that has it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import pytest

from countlab.errors import CountlabError
from countlab.models.catalog import Model
from countlab.models.store import Store
from tests.models.conftest import HALF, IMPATIENT, RIGHT, WRONG, Served, at, reasons


def test_the_right_file_is_placed_and_progress_told(model: Model, served: Served) -> None:
    told: list[tuple[str, int, int | None]] = []
    paths = Store().fetch(at(model, served, "right"), lambda *step: told.append(step))
    assert paths["weights"].read_bytes() == RIGHT
    assert told[-1] == ("some.weights", len(RIGHT), len(RIGHT))
    assert [step[1] for step in told] == sorted(step[1] for step in told)
    assert sorted(path.name for path in model.folder.iterdir()) == [".lock", "some.weights"]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("cut", "stopped after 524\u202f288 of 1\u202f048\u202f576 bytes"),
        ("wrong", "has another file (its SHA-256 is " + hashlib.sha256(WRONG).hexdigest()),
        ("other-size", "has another file (1\u202f048\u202f580 bytes instead of"),
        ("page", "sent a web page"),
        ("hidden-page", "sent a web page"),
        ("forbidden", "answered with status 403"),
        ("stalled", "stopped after 524\u202f288"),
    ],
)
def test_a_bad_address_is_told_and_the_next_one_used(
    model: Model, served: Served, bad: str, told: str
) -> None:
    assert f"{served.url}/{bad} {told}" in reasons(at(model, served, bad))
    store = Store(patience=IMPATIENT)
    paths = store.fetch(at(model, served, bad, "right"))
    assert paths["weights"].read_bytes() == RIGHT


def test_every_address_is_told_with_its_reason_in_both_languages(
    model: Model, served: Served
) -> None:
    bad = at(model, served, "forbidden", "page")
    with pytest.raises(CountlabError) as failure:
        Store().fetch(bad)
    english, spanish = (failure.value.text(language).detail for language in ("en", "es"))
    assert "/forbidden answered with status 403" in english
    assert "/page sent a web page" in english
    assert "/forbidden respondió con el estado 403" in spanish
    assert "/page envió una página web" in spanish


def test_an_address_where_nobody_listens_is_told(model: Model, served: Served) -> None:
    nowhere = replace(served, url="http://127.0.0.1:9")
    assert "http://127.0.0.1:9/right cannot be reached" in reasons(at(model, nowhere, "right"))


def test_a_cut_download_goes_on_where_it_stopped(model: Model, served: Served) -> None:
    assert "stopped after" in reasons(at(model, served, "cut"))
    assert (model.folder / "some.weights.part").stat().st_size == HALF
    Store().fetch(at(model, served, "right"))
    assert served.ranges("/right") == [f"bytes={HALF}-"]
    assert (model.folder / "some.weights").read_bytes() == RIGHT


def test_the_same_address_is_asked_for_the_rest_after_a_cut(model: Model, served: Served) -> None:
    Store().fetch(at(model, served, "cut-once"))
    assert served.ranges("/cut-once") == [None, f"bytes={HALF}-"]


def test_a_server_without_range_sends_all_again(model: Model, served: Served) -> None:
    reasons(at(model, served, "cut"))
    paths = Store().fetch(at(model, served, "plain"))
    assert paths["weights"].read_bytes() == RIGHT


def test_a_wrong_part_is_not_kept(model: Model, served: Served) -> None:
    reasons(at(model, served, "wrong"))
    assert not (model.folder / "some.weights.part").exists()


def test_a_part_from_another_file_does_not_spoil_a_good_address(
    model: Model, served: Served
) -> None:
    paths = Store().fetch(at(model, served, "wrong-half", "right"))
    assert paths["weights"].read_bytes() == RIGHT
    assert served.ranges("/right") == [f"bytes={HALF}-", None]


def test_without_a_known_sha256_nothing_is_fetched(model: Model, served: Served) -> None:
    assert "does not say" in reasons(at(model, served, "right", sha256=None))
    assert served.asked == []


def test_a_folder_that_cannot_be_written_is_a_clear_error(model: Model, served: Served) -> None:
    model.folder.parent.write_text("a file where the folder should be")
    with pytest.raises(CountlabError) as failure:
        Store().fetch(at(model, served, "right"))
    assert failure.value.code == "cannot_write"
    assert str(model.folder) in str(failure.value)


@pytest.mark.skipif(os.name == "nt", reason="limits a process's file size as Unix does")
def test_a_write_that_fails_halfway_is_a_clear_error(model: Model, served: Served) -> None:
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, before[1]))
    try:
        with pytest.raises(CountlabError) as failure:
            Store().fetch(at(model, served, "plain"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert failure.value.code == "cannot_write"


def test_a_file_that_cannot_fit_is_refused_before_it_is_asked_for(
    model: Model, served: Served
) -> None:
    huge = at(model, served, "right")
    huge = replace(huge, files={"weights": replace(huge.files["weights"], bytes=1 << 60)})
    with pytest.raises(CountlabError) as failure:
        Store().fetch(huge)
    assert failure.value.code == "disk_full"
    assert served.asked == []
