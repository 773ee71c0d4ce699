"""A run on one machine: the listing goes ahead, processes count, shards are written as they fill.

What is held at any time is a few shards' rows and a few pictures, however many there are.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from countlab import __version__
from countlab.batch import storage
from countlab.batch.counter import PictureCounter
from countlab.batch.lister import Lister
from countlab.batch.listing import check_sources
from countlab.batch.output import Output
from countlab.batch.question import Progress, Question
from countlab.batch.rows import Row, error_row
from countlab.batch.shards import ShardCounter
from countlab.batch.workers import Counter, Task, WorkerPool
from countlab.errors import CountlabError
from countlab.messages import Language
from countlab.settings import Settings
from countlab.system.cpu import cores
from countlab.system.file_lock import try_lock

_FOOTERS_AT_ONCE = 16
Show = Callable[[Progress], None]


def count_many(
    question: Question,
    settings: Settings,
    *,
    workers: int = 0,
    show: Show,
    make_counter: Callable[[], Counter] | None = None,
) -> dict[str, Any]:
    """Counts what is not counted yet, and returns the manifest; 0 workers: one for each core."""
    with prepared(question, show) as (question, output, progress, earlier):
        if (manifest := output.manifest) is not None:
            return manifest
        make = make_counter or partial(PictureCounter, question.options, settings)
        lister = Lister(question, output, progress)
        ended = partial(ended_row, language=settings.language)
        try:
            lister.start()
            with WorkerPool(make, workers or cores(), on_death=ended) as pool:
                begin(output, question, pool.wait_until_ready())
                counter = ShardCounter(
                    output, pool, progress, shard_rows=question.shard_rows, settings=settings
                )
                for _ in counter.count(_chunks(lister, progress)):
                    show(progress)
        finally:
            lister.stop()
        return finish(output, progress, [*earlier, *counter.written])


@contextlib.contextmanager
def prepared(
    question: Question, show: Show
) -> Iterator[tuple[Question, Output, Progress, list[dict[str, Any]]]]:
    """The output of the question, for this run alone, and the facts of the shards it has."""
    question = replace(
        question, sources=tuple(check_sources(question.sources, output=question.output))
    )
    with _only_one(question.output), _said():
        output, progress = Output(question.output), Progress()
        output.check(question.facts)
        names = output.shard_names() if output.manifest is None else []
        with ThreadPoolExecutor(_FOOTERS_AT_ONCE) as reading:
            earlier = list(reading.map(output.facts_of, names))
        progress.before = sum(facts["pictures"] for facts in earlier)
        progress.chunks_before = output.chunks_done
        show(progress)
        yield question, output, progress, earlier


def begin(output: Output, question: Question, about: Mapping[str, Any]) -> None:
    """Keeps with what it is counted: a run goes on with the same model only."""
    output.begin({**question.facts, **about["counter"], "receipt": about["receipt"]})


def finish(
    output: Output, progress: Progress, shards: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    if not progress.listed:
        raise CountlabError("no_such_file", path=", ".join(output.run["sources"]))
    counts: dict[str, int] = {}
    for shard in shards:
        for label, number in shard["counts"].items():
            counts[label] = counts.get(label, 0) + number
    manifest = {
        "pictures": sum(shard["pictures"] for shard in shards),
        "failed": sum(shard["failed"] for shard in shards),
        "counts": counts,
        "countlab": __version__,
        "shards": sorted(shards, key=lambda shard: str(shard["name"])),
    }
    output.write_manifest(manifest)
    return manifest


def ended_row(task: Task, status: int, *, language: Language) -> Row:
    """The row of a picture that ended each process that worked on it."""
    error = CountlabError("picture_ended_process", status=status)
    return error_row(task.name, error, sha256="", language=language)


def _chunks(lister: Lister, progress: Progress) -> Iterator[int | None]:
    """Each chunk as soon as it is listed; None while there is none."""
    for chunk in itertools.count():
        while chunk >= progress.chunks:
            if lister.ended:
                if chunk >= progress.chunks:
                    return
                break
            yield None
        yield chunk


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """A bucket that is not there, or not for us, is a sentence."""
    try:
        yield
    except storage.LASTING as reason:
        raise CountlabError("storage_closed", reason=str(reason)) from reason


@contextlib.contextmanager
def _only_one(output: str) -> Iterator[None]:
    """Two runs into one folder on disk would do everything twice; a bucket has no locks."""
    if storage.is_remote(output):
        yield
        return
    try:
        Path(output).mkdir(parents=True, exist_ok=True)
        file = (Path(output) / ".lock").open("a")
    except OSError as reason:
        raise CountlabError("cannot_write", path=output, reason=reason.strerror) from reason
    with file:
        if not try_lock(file):
            raise CountlabError("output_in_use", path=output)
        yield
