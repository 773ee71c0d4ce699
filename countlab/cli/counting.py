"""Counting what was named and printing it, row by row; no command line is taken apart here.

`countlab count PICTURE` without options comes straight here: it need not wait for Typer.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countlab.cli.count_output import is_classification, make_writer
from countlab.cli.counter import Counted, Counter, count_picture, http_counter, local_counter
from countlab.cli.early_checks import check_options
from countlab.cli.formats import Format
from countlab.cli.label_names import known_labels_text
from countlab.cli.picture_sources import PictureSource, find_sources
from countlab.cli.saved_pictures import SavedPictures
from countlab.cli.terminal import note, print_error, progress_bar
from countlab.cli.texts import say
from countlab.options import PredictOptions
from countlab.settings import Settings
from countlab.system.cpu import cores

_BAR_FROM = 4  # fewer pictures are counted before a bar could be read
_AHEAD_FROM = 100  # from here on it pays to compile the network for several pictures at once


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
    if not url:
        check_options(options, settings)
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
            for entry in _counted(sources, counter, saved, here=url is None):
                writer.write(entry)
                summary.add(entry)
    except KeyboardInterrupt:
        stopped = True
    summary.print(format, save, stopped=stopped)
    return 130 if stopped else 1 if missing or summary.failed else 0


def _counted(
    sources: Sequence[PictureSource], counter: Counter, saved: SavedPictures | None, *, here: bool
) -> Iterator[Counted]:
    """Each picture as it is counted; a bar shows how far it is where no row can be seen."""
    ahead = here and saved is None and len(sources) >= _AHEAD_FROM
    entries = _at_once(sources, counter) if ahead else _one_by_one(sources, counter, saved)
    if len(sources) < _BAR_FROM or sys.stdout.isatty() or not sys.stderr.isatty():
        yield from map(_reported, entries)
        return
    with progress_bar() as bar:
        for entry in bar.track(entries, total=len(sources), description=say("counting")):
            yield _reported(entry)


def _one_by_one(
    sources: Sequence[PictureSource], counter: Counter, saved: SavedPictures | None
) -> Iterator[Counted]:
    for source in sources:
        yield count_picture(source, counter, saved)


def _at_once(sources: Sequence[PictureSource], counter: Counter) -> Iterator[Counted]:
    """One picture a core, in the order of the sources: no core waits for a step of one thread."""
    waiting: deque[Future[Counted]] = deque()
    threads = ThreadPoolExecutor(cores())
    try:
        for source in sources:
            waiting.append(threads.submit(count_picture, source, counter, None))
            if len(waiting) > 2 * cores():
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)


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
            if last.get("count") == 0 and (known := known_labels_text(last)):
                note(f"\n{known}")
            for warning in last.get("warnings") or ():
                note(f"\n{warning['detail']}\n  {warning['fix']}")
