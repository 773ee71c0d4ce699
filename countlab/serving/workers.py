"""Several processes that serve on one port: each accepts from the same socket.

The parent only watches: a worker that dies is replaced, and all end together. Workers hear from
it through a pipe; when it closes, however the parent ended, they answer what is at work and go.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING

from prometheus_client.multiprocess import mark_process_dead

from countlab.errors import CountlabError
from countlab.serving.server_thread import (
    GRACEFUL_SHUTDOWN_S,
    HISTORY_FLUSH_S,
    Server,
    exit_after,
    exit_now,
    url_of,
)

if TYPE_CHECKING:
    from fastapi import FastAPI

_LOOK_EVERY_S = 0.5
_AT_MOST_EVERY_S = 1.0  # a worker that dies at once must not keep the machine busy with dying

log = logging.getLogger("countlab.serving.workers")
MakeApp = Callable[[], "FastAPI"]
"""Makes the app in the worker; travels there, so it must be importable (a `partial` will do)."""


@dataclass
class _Worker:
    process: SpawnProcess
    link: Connection
    tried: float = field(default_factory=time.monotonic)
    """When it was started, or when starting another in its place last failed."""


class Workers:
    """`number` processes from here to `stop()`; none is served before all of them are ready."""

    def __init__(self, make: MakeApp, number: int, listening: socket.socket, host: str) -> None:
        self.url = url_of(listening, host)
        self._make, self._listening, self._host = make, listening, host
        self._figures = tempfile.TemporaryDirectory(prefix="countlab-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self._figures.name  # read by the workers
        self._workers: list[_Worker] = []
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._replace_the_dead, daemon=True)
        try:
            self._workers = [self._start() for _ in range(number)]
            for worker in self._workers:
                self._until_ready(worker)
        except BaseException:
            self.stop()
            raise
        self._watch.start()

    @property
    def pids(self) -> list[int]:
        return [worker.process.pid or 0 for worker in self._workers]

    def stop(self) -> None:
        self._stopping.set()
        for worker in self._workers:
            worker.link.close()
        if self._watch.is_alive():
            self._watch.join()  # it may just have started another one
        self._listening.close()
        latest = time.monotonic() + GRACEFUL_SHUTDOWN_S + HISTORY_FLUSH_S
        for worker in self._workers:
            worker.link.close()
            worker.process.join(max(0.0, latest - time.monotonic()))
            worker.process.kill()
            worker.process.join()
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        self._figures.cleanup()

    def _start(self) -> _Worker:
        ours, theirs = connection.Pipe()
        process = get_context("spawn").Process(
            target=_work, args=(self._make, self._listening, self._host, theirs), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _until_ready(self, worker: _Worker) -> None:
        try:
            told = worker.link.recv()
        except EOFError:
            raise CountlabError("server_not_started", url=self.url) from None
        if isinstance(told, CountlabError):
            raise told

    def _replace_the_dead(self) -> None:
        while not self._stopping.is_set():
            sentinels = [worker.process.sentinel for worker in self._workers]
            if not connection.wait(sentinels, timeout=_LOOK_EVERY_S):
                continue
            for place, worker in enumerate(self._workers):
                if not worker.process.is_alive() and not self._stopping.is_set():
                    self._workers[place] = self._replaced(worker)

    def _replaced(self, worker: _Worker) -> _Worker:
        pid, status = worker.process.pid, worker.process.exitcode
        mark_process_dead(pid, self._figures.name)  # type: ignore[no-untyped-call]
        with contextlib.suppress(EOFError, OSError):
            if worker.link.poll() and isinstance(told := worker.link.recv(), CountlabError):
                log.error("worker %s could not start: %s", pid, told)
        worker.link.close()
        if self._stopping.wait(worker.tried + _AT_MOST_EVERY_S - time.monotonic()):
            return worker
        try:
            new = self._start()
        except OSError as error:  # no memory or no file handle is left: perhaps soon
            log.error(
                "worker %s ended with status %s; none could take over: %s", pid, status, error
            )
            worker.tried = time.monotonic()
            return worker
        log.warning("worker %s ended with status %s; %s took over", pid, status, new.process.pid)
        return new


def _work(make: MakeApp, listening: socket.socket, host: str, link: Connection) -> None:
    """A worker's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the parent
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server = Server(make(), listening, host, service=True)
    except CountlabError as error:
        link.send(error)
        return
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):  # the parent may be gone
        link.send(None)
        link.recv()
    exit_after(GRACEFUL_SHUTDOWN_S + HISTORY_FLUSH_S)
    server.stop()
    exit_now()
