"""Workers of one machine: each may run on any core, so that all cores have work."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

from countlab.batch.counter import PictureCounter
from countlab.batch.rows import Row
from countlab.batch.workers import Task, WorkerPool
from countlab.options import PredictOptions
from countlab.settings import Settings
from countlab.system.cpu import cores
from tests.batch.sources import PICTURES


def fail(task: Task, status: int) -> Row:
    raise AssertionError(f"a worker ended with {status} at {task.name}")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.skipif(cores() < 2, reason="one core is everybody's")
def test_no_worker_is_tied_to_the_core_of_another() -> None:
    make = partial(PictureCounter, PredictOptions(), Settings.from_environment())
    seen: set[str] = set()
    with WorkerPool(make, 2, on_death=fail) as pool:
        pool.wait_until_ready()
        done = given = 0
        while done < 60:
            while pool.room and given < 60:
                pool.submit(Task(str(PICTURES[given % len(PICTURES)])))
                given += 1
            for pid in pool.pids if done >= 20 else ():  # before that, networks are compiled
                status = Path(f"/proc/{pid}/status").read_text()
                seen |= {line for line in status.splitlines() if "Cpus_allowed_list" in line}
            done += len(list(pool.results(0.002)))
        own = Path("/proc/self/status").read_text()
    assert seen == {line for line in own.splitlines() if "Cpus_allowed_list" in line}
