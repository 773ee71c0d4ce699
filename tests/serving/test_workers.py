"""Worker processes; tests/promises/reliability shows that they end and are replaced."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from fastapi import FastAPI

from countlab.serving import workers
from countlab.serving.server_thread import listen
from countlab.serving.workers import Workers
from countlab.system.cpu import cores
from tests.conftest import ROOT, until


@pytest.mark.skipif(sys.platform == "win32", reason="sends a Unix signal")
def test_stopping_while_a_worker_is_being_replaced_starts_no_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "_MIN_RESTART_INTERVAL_S", 60.0)
    running = Workers(FastAPI, 1, listen("127.0.0.1", 0), "127.0.0.1")
    (worker,) = running.pids
    os.kill(worker, signal.SIGKILL)
    time.sleep(0.3)  # its death is noticed, and the replacement waits for the interval
    start = time.monotonic()
    running.stop()
    assert not running._supervisor.is_alive()
    assert time.monotonic() - start < 5
    assert running.pids == [worker]
    assert not psutil.pid_exists(worker)


@contextlib.contextmanager
def no_file_handles() -> Iterator[None]:
    import resource  # Unix only

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(sys.platform == "win32", reason="sets a Unix limit")
def test_a_worker_that_cannot_be_replaced_at_once_is_replaced_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(workers, "_MIN_RESTART_INTERVAL_S", 0.2)
    running = Workers(FastAPI, 1, listen("127.0.0.1", 0), "127.0.0.1")
    try:
        (dead,) = running.pids
        with no_file_handles(), caplog.at_level(logging.ERROR, "countlab.serving.workers"):
            os.kill(dead, signal.SIGKILL)
            until(lambda: "none could take over" in caplog.text)
        until(lambda: running.pids != [dead])
        assert psutil.pid_exists(*running.pids)
    finally:
        running.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.skipif(cores() < 2, reason="one core is everybody's")
def test_no_worker_ties_its_threads_to_cores_that_others_use() -> None:
    picture = (ROOT / "images" / "fruits.jpg").read_bytes()
    own = _allowed_cores(os.getpid())
    running = Workers(_counting_app, 2, listen("127.0.0.1", 0), "127.0.0.1")
    try:

        def count(_: int) -> int:
            sent = {"file": ("fruits.jpg", picture)}
            return httpx.post(f"{running.url}/countObjects", files=sent, timeout=60).status_code

        def allowed() -> set[str]:
            return set().union(*map(_allowed_cores, running.pids))

        with ThreadPoolExecutor(4) as clients:
            assert set(clients.map(count, range(40))) == {200}
            until(lambda: allowed() == own)  # a network being compiled is tied for a moment
            answers, seen = [clients.submit(count, number) for number in range(40)], set()
            while not all(answer.done() for answer in answers):
                seen |= allowed()
        assert {answer.result() for answer in answers} == {200}
        assert seen == own
    finally:
        running.stop()


def _counting_app() -> FastAPI:
    from countlab.cli.serve import make_app

    return make_app(engine=None, model=None, lab=None, keep=None, history=False, page=False)


def _allowed_cores(pid: int) -> set[str]:
    """Of each thread of a process."""
    found = set()
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended
            lines = status.read_text().splitlines()
            found |= {line for line in lines if line.startswith("Cpus_allowed_list")}
    return found
