"""Workers of one machine: each may run on any core, so that all cores have work."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from countlab.batch.counter import PictureCounter
from countlab.batch.rows import Row
from countlab.batch.workers import Task, WorkerPool
from countlab.options import PredictOptions
from countlab.settings import Settings
from countlab.system.cpu import cores, shares_machine
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


class TellingCounter(PictureCounter):
    """Says how many cores it has, and counts nothing."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {"cores": cores(), "shares": shares_machine()}

    def receipt(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("number", "threads", "each"),
    [(1, None, cores()), (2, None, max(1, cores() // 2)), (1, 1, 1)],
)
def test_workers_divide_the_cores_or_have_so_many_each(
    number: int, threads: int | None, each: int
) -> None:
    with WorkerPool(TellingCounter, number, on_death=fail, threads=threads) as pool:
        told = pool.wait_until_ready()["counter"]
    assert told == {"cores": each, "shares": True}


def test_an_actor_counts_with_the_one_core_that_ray_reckons_with() -> None:
    pytest.importorskip("ray", reason="needs countlab[ray] (make test-ray)")
    from countlab.batch.ray_data import _one_worker

    with _one_worker(TellingCounter, Settings.from_environment()) as pool:
        assert pool.wait_until_ready()["counter"]["cores"] == 1
