"""Chunks become shards: tasks for a pool of workers, and their rows, each in its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from countlab.batch.containers import pictures_in
from countlab.batch.counter import packed, unpacked
from countlab.batch.listing import is_container
from countlab.batch.output import Output
from countlab.batch.question import Progress
from countlab.batch.rows import error_row
from countlab.batch.workers import Task, WorkerPool
from countlab.errors import CountlabError
from countlab.settings import Settings

_MOST_OPEN = 3
_POLL_S = 0.05


@dataclass(eq=False)
class Shard:
    """The rows of one file while they come in; packed, since they are many."""

    chunk: int
    part: int | None
    given: int = 0
    rows: dict[int, bytes] = field(default_factory=dict)
    is_closed: bool = False

    @property
    def is_full(self) -> bool:
        return self.is_closed and len(self.rows) == self.given

    def task(self, name: str, data: bytes | None = None) -> Task:
        self.given += 1
        return Task(name, data, place=(self, self.given - 1))


class ShardCounter:
    """Counts chunks of a listing with one pool; each shard is written as soon as it is full."""

    def __init__(
        self,
        output: Output,
        pool: WorkerPool,
        progress: Progress,
        *,
        shard_rows: int,
        settings: Settings,
    ) -> None:
        self._output, self._pool, self._progress = output, pool, progress
        self._shard_rows, self._settings = shard_rows, settings
        self._open: dict[int, deque[Shard]] = {}
        """Of each chunk the shards that are not written, in their order."""
        self._writing: deque[tuple[Shard, Future[dict[str, Any]]]] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="shards")
        self.written: list[dict[str, Any]] = []

    def count(self, chunks: Iterator[int | None]) -> Iterator[None]:
        """Yields now and then, so that progress can be shown; None means: no chunk yet."""
        tasks, more = self._tasks(chunks), True
        try:
            while more or self._pool.busy:
                while more and self._pool.room and self._open_shards() <= _MOST_OPEN:
                    task = next(tasks, "end")
                    if isinstance(task, str):
                        more = False
                    elif task is None:
                        break
                    else:
                        self._pool.submit(task)
                for task, row, failed in self._pool.results(_POLL_S):
                    self._keep(task, row, failed=failed)
                self._note_written()
                yield
            while self._writing:
                self._note_written(wait=True)
                yield
        finally:
            self._writer.shutdown(wait=True, cancel_futures=True)

    def _open_shards(self) -> int:
        return sum(map(len, self._open.values())) + len(self._writing)

    def _tasks(self, chunks: Iterator[int | None]) -> Iterator[Task | None]:
        for chunk in chunks:
            if chunk is None:
                yield None
            elif not self._output.is_done(chunk):
                addresses = self._output.read_listing(chunk)
                if is_container(addresses[0]):
                    yield from self._of_container(chunk, addresses[0])
                else:
                    shard = self._opened(chunk, None)
                    shard.is_closed, shard.given = True, len(addresses)
                    for place, address in enumerate(addresses):
                        yield Task(address, place=(shard, place))

    def _of_container(self, chunk: int, address: str) -> Iterator[Task]:
        """Shards of so many pictures; only at its end it is known which is the last."""
        part = self._output.parts(chunk)
        shard, skip = self._opened(chunk, part), part * self._shard_rows
        try:
            for name, data in pictures_in(address, skip=skip, most=self._settings.max_bytes + 1):
                if shard.given == self._shard_rows:
                    self._close(shard)
                    part += 1
                    shard = self._opened(chunk, part)
                yield shard.task(name, data)
        except (CountlabError, OSError) as reason:
            lasting = isinstance(reason, CountlabError) and reason.code != "storage_away"
            if not lasting and not isinstance(reason, OSError):
                raise
            error = (
                reason
                if isinstance(reason, CountlabError)
                else CountlabError("no_such_file", path=address)
            )
            row = error_row(address, error, sha256="", language=self._settings.language)
            self._keep(shard.task(address), packed(row), failed=True)
        shard.part = None
        self._close(shard)

    def _opened(self, chunk: int, part: int | None) -> Shard:
        shard = Shard(chunk, part)
        self._open.setdefault(chunk, deque()).append(shard)
        return shard

    def _close(self, shard: Shard) -> None:
        shard.is_closed = True
        self._write_full(shard.chunk)

    def _keep(self, task: Task, row: bytes, *, failed: bool) -> None:
        shard, place = task.place
        shard.rows[place] = row
        self._progress.counted += 1
        self._progress.failed += failed
        if shard.is_full:
            self._write_full(shard.chunk)

    def _write_full(self, chunk: int) -> None:
        """In order: the last shard of a chunk says that all of it is done."""
        shards = self._open[chunk]
        while shards and shards[0].is_full:
            shard = shards.popleft()
            self._writing.append((shard, self._writer.submit(self._write, shard)))
        if not shards:
            del self._open[chunk]

    def _write(self, shard: Shard) -> dict[str, Any]:
        rows = [unpacked(shard.rows[place]) for place in range(shard.given)]
        return self._output.write_shard(shard.chunk, shard.part, rows)

    def _note_written(self, *, wait: bool = False) -> None:
        while self._writing and (wait or self._writing[0][1].done()):
            shard, future = self._writing.popleft()
            self.written.append(future.result())
            self._progress.chunks_done += shard.part is None
            wait = False
