"""Counting what was named and printing it, row by row; no command line is taken apart here.

`countlab count PICTURE` without options comes straight here: it need not wait for Typer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countlab.cli.count_output import is_classification, make_writer
from countlab.cli.counter import Counted, Counter, count_picture, http_counter, local_counter
from countlab.cli.formats import Format
from countlab.cli.picture_sources import PictureSource, find_sources
from countlab.cli.saved_pictures import SavedPictures
from countlab.cli.terminal import note, print_error, progress_bar
from countlab.cli.texts import say
from countlab.options import PredictOptions
from countlab.settings import Settings

_BAR_FROM = 4  # fewer pictures are counted before a bar could be read


def count_pictures(
    paths: Sequence[str],
    options: PredictOptions,
    *,
    url: str | None = None,
    recursive: bool = False,
    save: Path | None = None,
    format: Format = Format.table,
) -> int:
    """The exit status: 1 where a picture could not be counted, 130 after Ctrl-C."""
    settings = Settings.from_environment()
    counter = http_counter(url, options, settings) if url else local_counter(options, settings)
    sources, missing = find_sources(paths, recursive=recursive, max_bytes=settings.max_bytes)
    for absent in missing:
        print_error(absent)
    writer = make_writer(format, [source.name for source in sources], options.object)
    saved = SavedPictures(save, sources) if save else None
    summary = Summary(len(sources))
    stopped = False
    try:
        with closing(writer) if sources or format is not Format.table else nullcontext():
            for entry in _counted(sources, counter, saved):
                writer.write(entry)
                summary.add(entry)
    except KeyboardInterrupt:
        stopped = True
    summary.print(format, save, stopped=stopped)
    return 130 if stopped else 1 if missing or summary.failed else 0


def _counted(
    sources: Sequence[PictureSource], counter: Counter, saved: SavedPictures | None
) -> Iterator[Counted]:
    """Each picture as it is counted; a bar shows how far it is where no row can be seen."""
    if len(sources) < _BAR_FROM or sys.stdout.isatty() or not sys.stderr.isatty():
        for source in sources:
            yield _reported(count_picture(source, counter, saved))
        return
    with progress_bar() as bar:
        for source in bar.track(sources, description=say("counting")):
            yield _reported(count_picture(source, counter, saved))


def _reported(entry: Counted) -> Counted:
    if entry.error:
        print_error(entry.error, about=entry.name)
    return entry


@dataclass
class Summary:
    """What is said after the last row: totals of many pictures, the warnings of one."""

    expected: int
    counted: int = 0
    failed: int = 0
    total: int = 0
    last: Mapping[str, Any] | None = None

    def add(self, entry: Counted) -> None:
        if entry.result is None:
            self.failed += 1
            return
        self.counted += 1
        self.total += entry.result.get("count", 0)
        self.last = entry.result

    def print(self, format: Format, folder: Path | None, *, stopped: bool) -> None:
        if stopped:
            note(say("stopped_after", done=self.counted + self.failed, of=self.expected))
        if self.last is None:
            return
        if format is Format.table:
            self._print_about_table(self.last)
        if folder is not None:
            note(say("saved", number=self.counted, folder=folder))

    def _print_about_table(self, last: Mapping[str, Any]) -> None:
        if self.counted > 1 and not is_classification(last):
            note("\n" + say("total", total=self.total, pictures=self.counted, model=last["model"]))
        if self.expected == 1:
            for warning in last.get("warnings") or ():
                note(f"\n{warning['detail']}\n  {warning['fix']}")
