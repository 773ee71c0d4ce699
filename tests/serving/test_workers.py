"""Worker processes; tests/promises/reliability shows that they end and are replaced."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest
from fastapi import FastAPI

from countlab.serving import workers
from countlab.serving.server_thread import listen
from countlab.serving.workers import Workers
from countlab.system.cpu import shares_machine
from tests.conftest import until


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


def test_each_worker_knows_that_it_shares_the_machine() -> None:
    running = Workers(_telling_app, 2, listen("127.0.0.1", 0), "127.0.0.1")
    try:
        assert httpx.get(f"{running.url}/shares_machine").json() is True
    finally:
        running.stop()


def _telling_app() -> FastAPI:
    app = FastAPI()
    app.get("/shares_machine")(shares_machine)
    return app
