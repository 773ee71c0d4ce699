"""`kill -9` at any moment: every answered request has its row, and nothing is corrupt."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import psutil

from tests.promises.reliability.service import Clients, Service, kept

ROUNDS = 3


def test_killed_under_load_at_random_moments(tmp_path: Path, jpeg: bytes) -> None:
    moments, answered = random.Random(20), set()
    for _ in range(ROUNDS):
        with Service(tmp_path / "home") as service, Clients(service, jpeg) as clients:
            clients.until(answers=1)
            time.sleep(moments.uniform(0.05, 0.8))
            service.kill()
        answered |= clients.answered
        assert answered <= kept(tmp_path / "home")


def test_a_killed_worker_is_replaced_and_its_rows_are_there(tmp_path: Path, jpeg: bytes) -> None:
    with Service(tmp_path / "home", "--workers", "2") as service:
        with Clients(service, jpeg) as clients:
            first = workers_of(service)
            assert len(first) == 2
            clients.until(answers=20)
            os.kill(first[0], signal.SIGKILL)
            end = time.monotonic() + 60
            while len(workers_of(service)) < 2 or first[0] in workers_of(service):
                assert time.monotonic() < end
                time.sleep(0.05)
            clients.until(answers=len(clients.answered) + 20)
        figures = service.get("/metrics").text.splitlines()
        (line,) = [line for line in figures if line.startswith("countlab_pictures_total")]
        assert float(line.split()[-1]) >= len(clients.answered)  # of the killed one as well
        rows = service.get("/history?limit=1000").json()["rows"]
        assert clients.answered <= {row["request_id"] for row in rows}
        processes = workers_of(service)
        assert service.end() == 0
        assert not any(psutil.pid_exists(pid) for pid in processes)
    assert any("took over" in event["event"] for event in service.events())
    assert clients.answered <= kept(tmp_path / "home")


def workers_of(service: Service) -> list[int]:
    alive = []
    for child in psutil.Process(service.process.pid).children():
        with contextlib.suppress(psutil.Error):  # it has just died
            if "spawn_main" in " ".join(child.cmdline()):
                alive.append(child.pid)
    return alive
