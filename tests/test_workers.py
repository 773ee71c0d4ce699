"""Several processes on one port; that they end and are replaced is shown in tests/reliability."""

from __future__ import annotations

import os
import signal
import sys
import time

import psutil
import pytest
from fastapi import FastAPI

from countlab import workers
from countlab.running import listen
from countlab.workers import Workers


@pytest.mark.skipif(sys.platform == "win32", reason="kills as Unix does")
def test_told_to_end_while_a_worker_is_being_replaced_it_starts_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "_AT_MOST_EVERY_S", 60.0)
    running = Workers(FastAPI, 1, listen("127.0.0.1", 0), "127.0.0.1")
    (worker,) = running.pids
    os.kill(worker, signal.SIGKILL)
    time.sleep(0.3)  # its death is noticed, and the next one waits for its time
    start = time.monotonic()
    running.stop()
    assert not running._watch.is_alive()
    assert time.monotonic() - start < 5
    assert running.pids == [worker]
    assert not psutil.pid_exists(worker)
