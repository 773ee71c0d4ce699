"""Worker processes that serve on one port: each accepts from the same socket.

The parent only supervises: a worker that dies is replaced, and all end together. Each worker
holds a pipe to the parent; when it closes, however the parent ended, the worker finishes its
running requests and exits.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
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
from countlab.serving.interrupts import continue_when_parent_ends, interrupt_once
from countlab.serving.server_thread import (
    GRACEFUL_SHUTDOWN_S,
    HISTORY_FLUSH_S,
    Server,
    exit_after,
    exit_now,
    server_url,
)
from countlab.settings import Settings
from countlab.system.cpu import cores, use_cores

if TYPE_CHECKING:
    from fastapi import FastAPI

_POLL_INTERVAL_S = 0.5
_IN_MEMORY = "/dev/shm"
_MIN_RESTART_INTERVAL_S = 1.0  # a worker that dies at once must not be restarted in a tight loop

log = logging.getLogger("countlab.serving.workers")
AppFactory = Callable[[], "FastAPI"]
"""Makes the app in the worker; pickled, so it must be importable (a `partial` is fine)."""


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    last_start: float = field(default_factory=time.monotonic)
    """When it was started, or when starting its replacement last failed."""


class Workers:
    """Serves with `number` processes until `stop()`; returns once all of them are ready."""

    def __init__(
        self, make_app: AppFactory, number: int, listening: socket.socket, host: str
    ) -> None:
        self.url = server_url(listening, host)
        self._make_app, self._listening, self._host = make_app, listening, host
        self._metrics_folder = _metrics_folder()
        # Read by the workers.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self._metrics_folder.name
        if not Settings.from_environment().signing_key:
            os.environ["COUNTLAB_SIGNING_KEY"] = secrets.token_hex(32)
        self._workers: list[_Worker] = []
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._replace_dead_workers, daemon=True)
        try:
            self._workers = [self._start() for _ in range(number)]
            for worker in self._workers:
                self._wait_until_ready(worker)
        except BaseException:
            self.stop()
            raise
        self._supervisor.start()

    @property
    def pids(self) -> list[int]:
        return [worker.process.pid or 0 for worker in self._workers]

    def stop(self) -> None:
        self._stopping.set()
        for worker in self._workers:
            worker.pipe.close()
        if self._supervisor.is_alive():
            self._supervisor.join()  # it may just have started another worker
        self._listening.close()
        deadline = time.monotonic() + GRACEFUL_SHUTDOWN_S + HISTORY_FLUSH_S
        for worker in self._workers:
            worker.pipe.close()
            worker.process.join(max(0.0, deadline - time.monotonic()))
            worker.process.kill()
            worker.process.join()
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        self._metrics_folder.cleanup()

    def _start(self) -> _Worker:
        parent_end, worker_end = connection.Pipe()
        process = get_context("spawn").Process(
            target=_run_worker,
            args=(self._make_app, self._listening, self._host, worker_end),
            daemon=True,
        )
        process.start()
        worker_end.close()
        return _Worker(process, parent_end)

    def _wait_until_ready(self, worker: _Worker) -> None:
        try:
            error = worker.pipe.recv()
        except EOFError:
            raise CountlabError("server_not_started", url=self.url) from None
        if isinstance(error, CountlabError):
            raise error

    def _replace_dead_workers(self) -> None:
        while not self._stopping.is_set():
            sentinels = [worker.process.sentinel for worker in self._workers]
            if not connection.wait(sentinels, timeout=_POLL_INTERVAL_S):
                continue
            for index, worker in enumerate(self._workers):
                if not worker.process.is_alive() and not self._stopping.is_set():
                    self._workers[index] = self._replace(worker)

    def _replace(self, worker: _Worker) -> _Worker:
        pid, status = worker.process.pid, worker.process.exitcode
        with contextlib.suppress(OSError):  # the folder may be gone, or not be writable any more
            mark_process_dead(pid, self._metrics_folder.name)  # type: ignore[no-untyped-call]
        with contextlib.suppress(EOFError, OSError):
            if worker.pipe.poll() and isinstance(error := worker.pipe.recv(), CountlabError):
                log.error("worker %s could not start: %s", pid, error)
        worker.pipe.close()
        if self._stopping.wait(worker.last_start + _MIN_RESTART_INTERVAL_S - time.monotonic()):
            return worker
        try:
            new = self._start()
        except OSError as reason:  # no memory or no file handle is left; retried later
            log.error(
                "worker %s ended with status %s; none could take over: %s", pid, status, reason
            )
            worker.last_start = time.monotonic()
            return worker
        log.warning("worker %s ended with status %s; %s took over", pid, status, new.process.pid)
        return new


def _run_worker(
    make_app: AppFactory, listening: socket.socket, host: str, pipe: Connection
) -> None:
    """The main function of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the parent
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    continue_when_parent_ends()
    use_cores(cores())  # all of them, as the other workers do
    with interrupt_once(signal.SIGTERM) as interrupts:
        try:
            server = Server(make_app(), listening, host, service=True)
        except CountlabError as error:
            pipe.send(error)
            return
        with contextlib.suppress(KeyboardInterrupt):
            with contextlib.suppress(EOFError, OSError):  # the parent may be gone
                pipe.send(None)
                pipe.recv()
            interrupts.end()  # the parent's word and a signal may come at once
        exit_after(GRACEFUL_SHUTDOWN_S + HISTORY_FLUSH_S)
        server.stop()
        exit_now()


def _metrics_folder() -> tempfile.TemporaryDirectory[str]:
    """In memory where there is such a place: a full disk must not take the metrics along."""
    for place in (_IN_MEMORY, None):
        with contextlib.suppress(OSError):
            return tempfile.TemporaryDirectory(
                prefix="countlab-metrics-", dir=place, ignore_cleanup_errors=True
            )
    raise CountlabError("cannot_write", path=tempfile.gettempdir(), reason="metrics")
