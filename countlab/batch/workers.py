"""Worker processes that count: each works off its tasks in order, one core each.

A worker that dies is replaced, and nothing is lost: what it had not answered is given out again.
The picture that it was working on is tried once more; if that ends a worker too, its row says so.
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from typing import Any, Protocol

from countlab.batch.counter import packed, unpacked
from countlab.batch.rows import Row
from countlab.errors import CountlabError
from countlab.system.cpu import cores, use_cores

_AHEAD = 8
"""Tasks that a worker has at hand: it reads the next pictures while it counts one."""
_MOST_ATTEMPTS = 2
_MOST_FAILED_STARTS = 3
_HEAD = struct.Struct("<Q?")


class Counter(Protocol):
    """What a worker does; made in the worker by a function that can be pickled."""

    @property
    def facts(self) -> dict[str, Any]: ...

    def read(self, address: str) -> bytes | CountlabError: ...

    def count(self, name: str, data: bytes | CountlabError) -> Row: ...

    def receipt(self) -> dict[str, Any]: ...


@dataclass(eq=False)
class Task:
    """One picture: its bytes are read by the worker, unless they come along."""

    name: str
    data: bytes | None = None
    attempts: int = 0
    place: Any = None
    """Where its row belongs; of no meaning here."""


@dataclass(eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    tasks: deque[Task] = field(default_factory=deque)
    ready: bool = False


class WorkerPool:
    """`number` processes; `submit` while there is `room`, then `results`.

    They share the machine's cores, or have `threads` each.
    """

    def __init__(
        self,
        make_counter: Callable[[], Counter],
        number: int,
        *,
        on_death: Callable[[Task, int], Row],
        threads: int | None = None,
    ) -> None:
        self._make_counter, self._on_death = make_counter, on_death
        self._threads = threads or max(1, cores() // number)
        self._again: deque[Task] = deque()
        self._failed_starts = 0
        self.about: dict[str, Any] = {}
        """The counters' facts and the common part of receipts, once a worker is ready."""
        self._workers: list[_Worker] = []
        try:
            for _ in range(number):
                self._workers.append(self._start())
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def room(self) -> bool:
        """Whether a worker can take another task."""
        return any(len(worker.tasks) < _AHEAD for worker in self._workers)

    @property
    def busy(self) -> bool:
        return any(worker.tasks for worker in self._workers) or bool(self._again)

    @property
    def pids(self) -> list[int]:
        return [worker.process.pid or 0 for worker in self._workers]

    def wait_until_ready(self) -> dict[str, Any]:
        while not self.about:
            list(self.results(1.0))
        return self.about

    def submit(self, task: Task) -> None:
        worker = min(self._workers, key=lambda worker: (len(worker.tasks), not worker.ready))
        worker.tasks.append(task)
        # A worker that has just died is noticed in `results`.
        with contextlib.suppress(OSError):
            worker.pipe.send((task.name, task.data))

    def results(self, timeout_s: float) -> Iterator[tuple[Task, bytes, bool]]:
        """Each task that is done, with its packed row, and whether that has an error."""
        pipes = {worker.pipe: worker for worker in self._workers}
        for pipe in connection.wait(list(pipes), timeout_s):
            worker = pipes[pipe]  # type: ignore[index]
            try:
                while worker.pipe.poll():
                    yield from self._received(worker, worker.pipe.recv_bytes())
            except (EOFError, OSError):
                yield from self._replaced(worker)

    def close(self) -> None:
        """A worker whose pipe closes ends after its picture."""
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(2)
            worker.process.kill()
            worker.process.join()

    def _received(self, worker: _Worker, message: bytes) -> Iterator[tuple[Task, bytes, bool]]:
        number, failed = _HEAD.unpack_from(message)
        if number == 0:  # it is ready, or has a reason to end everything
            content: Any = unpacked(message[_HEAD.size :])
            if isinstance(content, CountlabError):
                raise content
            worker.ready, self._failed_starts = True, 0
            if self.about and self.about["counter"] != content["counter"]:
                raise CountlabError("model_changing", model=content["counter"].get("model"))
            self.about = content
            return
        yield worker.tasks.popleft(), message[_HEAD.size :], failed
        self._give_out_again()

    def _replaced(self, worker: _Worker) -> Iterator[tuple[Task, bytes, bool]]:
        worker.process.join()
        worker.pipe.close()
        status = worker.process.exitcode or 0
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= _MOST_FAILED_STARTS:
                raise CountlabError("workers_do_not_start", number=self._failed_starts)
        tasks = list(worker.tasks)
        self._workers[self._workers.index(worker)] = self._start()
        if worker.ready and tasks:
            first = tasks[0]
            first.attempts += 1
            if first.attempts >= _MOST_ATTEMPTS:
                tasks.pop(0)
                yield first, packed(self._on_death(first, status)), True
        self._again.extend(tasks)
        self._give_out_again()

    def _give_out_again(self) -> None:
        while self._again and self.room:
            self.submit(self._again.popleft())

    def _start(self) -> _Worker:
        parent_end, worker_end = connection.Pipe()
        process = get_context("spawn").Process(
            target=_work,
            args=(self._make_counter, worker_end, self._threads),
            daemon=True,
        )
        process.start()
        worker_end.close()
        return _Worker(process, parent_end)


def _work(make_counter: Callable[[], Counter], pipe: Connection, threads: int) -> None:
    """The main function of a worker, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the parent
    use_cores(threads)
    with contextlib.suppress(OSError):
        try:
            counter = make_counter()
            _answer(pipe, 0, {"counter": counter.facts, "receipt": counter.receipt()})
            _count_all(counter, pipe)
        except CountlabError as error:
            _answer(pipe, 0, error)


def _count_all(counter: Counter, pipe: Connection) -> None:
    waiting: SimpleQueue[tuple[str, Future[bytes | CountlabError]]] = SimpleQueue()
    threading.Thread(target=_receive, args=(counter, pipe, waiting), daemon=True).start()
    for number in count(1):
        name, content = waiting.get()
        row = counter.count(name, content.result())
        _answer(pipe, number, row, failed=row.get("error") is not None)


def _receive(counter: Counter, pipe: Connection, waiting: SimpleQueue[Any]) -> None:
    """In a thread of its own: the parent never waits for a picture to be done."""
    reading = ThreadPoolExecutor(_AHEAD // 2)
    with contextlib.suppress(EOFError, OSError):
        while True:
            name, data = pipe.recv()
            waiting.put((name, reading.submit(_content, counter, name, data)))
    # At once: a picture that cannot be read may be waited for, and OpenVINO's threads would outlive
    # the interpreter.
    os._exit(0)


def _content(counter: Counter, name: str, data: bytes | None) -> bytes | CountlabError:
    return counter.read(name) if data is None else data


def _answer(pipe: Connection, number: int, content: Any, *, failed: bool = False) -> None:
    pipe.send_bytes(_HEAD.pack(number, failed) + packed(content))
