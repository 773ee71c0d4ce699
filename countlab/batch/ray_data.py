"""A run on a Ray cluster: chunks of the listing go to actors, each of which has the model open.

The actors write their shards themselves; only totals come back. In an actor one process counts,
as on one machine: a picture that ends it ends neither the actor nor the rest of its chunk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import ray
from ray.data import ActorPoolStrategy, DataContext

from countlab.batch import storage
from countlab.batch.counter import PictureCounter
from countlab.batch.lister import Lister
from countlab.batch.output import Output
from countlab.batch.question import Progress, Question
from countlab.batch.run import Show, begin, ended_row, finish, prepared
from countlab.batch.shards import ShardCounter
from countlab.batch.workers import Counter, WorkerPool
from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.system.ray_cluster import connected

_CHUNKS_AT_HAND = 2
"""Of each actor: it begins the next chunk while the last shard is being written."""


def count_on_ray(
    question: Question,
    settings: Settings,
    *,
    address: str,
    actors: int,
    show: Show,
    make_counter: Callable[[], Counter] | None = None,
) -> dict[str, Any]:
    """As `count_many`, on the cluster at an address; 0 actors: as many as it has processors."""
    _check_reachable(question)
    with prepared(question, show) as (question, output, progress, earlier), connected(address):
        if (manifest := output.manifest) is not None:
            return manifest
        Lister(question, output, progress).run()
        show(progress)
        make = make_counter or partial(PictureCounter, question.options, settings)
        about = ray.get(ray.remote(num_cpus=1, max_retries=3)(_about).remote(make, settings))
        if isinstance(about, CountlabError):
            raise about
        begin(output, question, about)
        chunks = [chunk for chunk in range(progress.chunks) if not output.is_done(chunk)]
        written = {shard["name"]: shard for shard in earlier}
        for shards in _shards(question, settings, make, chunks, actors=actors):
            new = [shard for shard in shards if shard["name"] not in written]
            written |= {shard["name"]: shard for shard in new}
            progress.counted += sum(shard["pictures"] for shard in new)
            progress.failed += sum(shard["failed"] for shard in new)
            progress.chunks_done += 1
            show(progress)
        return finish(output, progress, list(written.values()))


class ChunkActor:
    """Counts one chunk after another; a chunk that is there already is only looked up."""

    def __init__(
        self, question: Question, settings: Settings, make_counter: Callable[[], Counter]
    ) -> None:
        self._question, self._settings = question, settings
        self._pool = _one_worker(make_counter, settings)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        try:
            (chunk,) = (int(number) for number in batch["chunk"])
            return {"shards": [self._count(chunk)], "error": [None]}
        except CountlabError as error:  # not raised: it would be tried again on other machines
            return {"shards": [[]], "error": [error]}

    def _count(self, chunk: int) -> list[dict[str, Any]]:
        output = Output(self._question.output)  # as it is now: another actor may have been here
        facts = [output.facts_of(name) for name in output.shard_names(chunk)]
        counter = ShardCounter(
            output,
            self._pool,
            Progress(),
            shard_rows=self._question.shard_rows,
            settings=self._settings,
        )
        for _ in counter.count(iter([chunk])):
            pass
        return facts + counter.written


def _shards(
    question: Question,
    settings: Settings,
    make_counter: Callable[[], Counter],
    chunks: list[int],
    *,
    actors: int,
) -> Iterator[list[dict[str, Any]]]:
    """The facts of each chunk's shards as it is done, in any order."""
    if not chunks:
        return
    context = DataContext.get_current()
    context.enable_progress_bars = False
    most = min(len(chunks), actors or max(1, int(ray.cluster_resources().get("CPU", 1)) - 1))
    done = ray.data.from_items(
        [{"chunk": chunk} for chunk in chunks], override_num_blocks=len(chunks)
    ).map_batches(
        ChunkActor,
        fn_constructor_args=(question, settings, make_counter),
        batch_size=1,
        num_cpus=1,
        compute=ActorPoolStrategy(
            min_size=1, max_size=most, max_tasks_in_flight_per_actor=_CHUNKS_AT_HAND
        ),
    )
    for row in done.iter_rows():
        if row["error"] is not None:
            raise row["error"]
        yield row["shards"]


def _about(
    make_counter: Callable[[], Counter], settings: Settings
) -> dict[str, Any] | CountlabError:
    """With what a machine of the cluster counts."""
    try:
        with _one_worker(make_counter, settings) as pool:
            return pool.wait_until_ready()
    except CountlabError as error:
        return error


def _one_worker(make_counter: Callable[[], Counter], settings: Settings) -> WorkerPool:
    """With the one core that its actor or task has of a machine."""
    on_death = partial(ended_row, language=settings.language)
    return WorkerPool(make_counter, 1, on_death=on_death, threads=1)


def _check_reachable(question: Question) -> None:
    """Paths are to be whole: the machines of a cluster share no current folder."""
    for address in (question.output, *question.sources):
        if not storage.is_remote(address) and not os.path.isabs(address):  # noqa: PTH117
            raise CountlabError("not_absolute", path=address)
