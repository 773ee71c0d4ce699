"""Counting many pictures into Parquet files, and showing how far that is."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

from countlab.batch.question import SHARD_ROWS, Progress, Question
from countlab.cli.early_checks import check_options
from countlab.cli.terminal import note
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.options import PredictOptions
from countlab.settings import Settings

_SHOWN_EVERY_S = 0.5
_SAID_EVERY_S = 30.0  # where nobody watches, such as in a log
_MOST_WORKERS = 256


def count_into_files(
    paths: Sequence[str],
    options: PredictOptions,
    *,
    output: str,
    recursive: bool,
    shard_rows: int | None,
    workers: int,
    ray: str | None,
) -> int:
    """The exit status: 1 where a picture could not be counted, 130 after Ctrl-C."""
    question = Question(tuple(paths), output, options, recursive, shard_rows or SHARD_ROWS)
    settings = Settings.from_environment()
    check_options(options, settings)
    line = ProgressLine()
    try:
        if ray is None:
            from countlab.batch.run import count_many

            manifest = count_many(question, settings, workers=workers, show=line.show)
        else:
            from countlab.batch.ray_data import count_on_ray

            manifest = count_on_ray(question, settings, address=ray, actors=workers, show=line.show)
    except KeyboardInterrupt:
        line.end()
        note(say("many_stopped", done=f"{line.done:,}"))
        return 130
    finally:
        line.end()
    total = sum(manifest["counts"].values())
    note(
        say(
            "many_done",
            pictures=f"{manifest['pictures']:,}",
            output=output,
            total=f"{total:,}",
            failed=f"{manifest['failed']:,}",
        )
    )
    return 1 if manifest["failed"] else 0


def number_of_workers(arrived: str | None) -> int:
    """0 is one for each core."""
    if arrived in (None, "auto"):
        return 0
    if arrived.isdigit() and 1 <= int(arrived) <= _MOST_WORKERS:
        return int(arrived)
    raise CountlabError("bad_workers", arrived=arrived)


def check_not_given(code: str, options: Mapping[str, object]) -> None:
    for option, value in options.items():
        if value not in (None, False):
            raise CountlabError(code, option=option)


class ProgressLine:
    """A line on standard error, written over itself; in a log one now and then."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._next = 0.0 if self._live else time.monotonic() + _SAID_EVERY_S
        self._shown = False
        self._said_before = False
        self.done = 0

    def show(self, progress: Progress) -> None:
        self.done = progress.before + progress.counted
        if progress.before and not self._said_before:
            self._said_before = True
            note(say("many_before", number=f"{progress.before:,}"))
        if time.monotonic() < self._next or not progress.counted:
            return
        self._next = time.monotonic() + (_SHOWN_EVERY_S if self._live else _SAID_EVERY_S)
        text = progress_text(progress)
        if self._live:
            sys.stderr.write(f"\r{text}\033[K")
            sys.stderr.flush()
            self._shown = True
        else:
            note(text)

    def end(self) -> None:
        if self._shown:
            sys.stderr.write("\r\033[K")
            self._shown = False


def progress_text(progress: Progress) -> str:
    remaining_s = progress.remaining_s
    if remaining_s is None:
        left = say("many_left_unknown")
    else:
        left = say("many_left", time=timedelta(seconds=round(remaining_s)))
    known = f"{progress.listed:,}" if progress.exact else "?"
    text = say(
        "many_progress",
        done=f"{progress.before + progress.counted:,}",
        of=known if progress.listing_ended else f"≥ {known}" if progress.exact else known,
        rate=f"{progress.rate:.0f}",
        left=left,
    )
    if progress.failed:
        text += " · " + say("many_failed", number=f"{progress.failed:,}")
    return text
