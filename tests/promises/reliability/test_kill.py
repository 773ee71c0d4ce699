"""SIGKILL at random moments: every answered request has its row, and nothing is corrupt."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import psutil

from tests.promises.reliability.service import Clients, Service, recorded_ids

ROUNDS = 3


def test_server_killed_under_load_loses_no_row(tmp_path: Path, jpeg: bytes) -> None:
    generator, answered = random.Random(20), set()
    for _ in range(ROUNDS):
        with Service(tmp_path / "home") as service, Clients(service, jpeg) as clients:
            clients.wait_for(responses=1)
            time.sleep(generator.uniform(0.05, 0.8))
            service.kill()
        answered |= clients.answered
        assert answered <= recorded_ids(tmp_path / "home")


def test_killed_worker_is_replaced_without_losing_rows(tmp_path: Path, jpeg: bytes) -> None:
    with Service(tmp_path / "home", "--workers", "2") as service:
        with Clients(service, jpeg) as clients:
            workers = workers_of(service)
            assert len(workers) == 2
            clients.wait_for(responses=20)
            os.kill(workers[0], signal.SIGKILL)
            end = time.monotonic() + 60
            while len(workers_of(service)) < 2 or workers[0] in workers_of(service):
                assert time.monotonic() < end
                time.sleep(0.05)
            clients.wait_for(responses=len(clients.answered) + 20)
        lines = service.get("/metrics").text.splitlines()
        (line,) = [line for line in lines if line.startswith("countlab_pictures_total")]
        assert float(line.split()[-1]) >= len(clients.answered)  # includes the killed worker
        rows = service.get("/history?limit=1000").json()["rows"]
        assert clients.answered <= {row["request_id"] for row in rows}
        processes = workers_of(service)
        assert service.terminate() == 0
        assert not any(psutil.pid_exists(pid) for pid in processes)
    assert any("took over" in event["event"] for event in service.events())
    assert clients.answered <= recorded_ids(tmp_path / "home")


def workers_of(service: Service) -> list[int]:
    pids = []
    for child in psutil.Process(service.process.pid).children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "spawn_main" in " ".join(child.cmdline()):
                pids.append(child.pid)
    return pids
