"""Runs the soak and prints its table: `python -m tests.promises.soak --minutes 10`.

The exit status is 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tests.promises.reliability.service import Service, kept
from tests.promises.soak.clients import Clients, Seen
from tests.promises.soak.jobs import all_jobs, serial_truth
from tests.promises.soak.promises import (
    Promise,
    Sample,
    Thirds,
    about_files,
    about_memory,
    about_p95,
    table_of,
)

_EVERY_S = 1.0
_WORK = bytes(64_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.promises.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        promises, seen = soak(Path(folder), minutes=asked.minutes, clients=asked.clients)
    cores = f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.0f} at the end"
    print(f"{asked.minutes:g} minutes, {asked.clients} clients; {platform.machine()}, {cores}")
    print(f"{len(seen.good)} good answers, {seen.refused} refusals, {seen.hung_up} hung up\n")
    print(table_of(promises))
    for wrong in seen.wrong[:10]:
        print(f"\nwrong: {wrong}")
    raise SystemExit(0 if all(promise.kept for promise in promises) else 1)


def soak(folder: Path, *, minutes: float, clients: int) -> tuple[list[Promise], Seen]:
    """A server of its own, the truth asked one by one, then the load."""
    with Service(folder / "home") as service:
        jobs = all_jobs()
        truth = serial_truth(jobs, service.url)
        process = psutil.Process(service.process.pid)
        time.sleep(_EVERY_S)
        before = process.num_fds()
        start = time.monotonic()
        load = Clients(service.url, truth, jobs, clients)
        try:
            samples = _watched(process, start + minutes * 60)
        finally:
            load.stop()
        thirds, seen = Thirds(start, time.monotonic()), load.seen
        time.sleep(2 * _EVERY_S)
        after = process.num_fds()
        ready = service.get("/health/ready").status_code
        rows, status = service.get("/metrics").text, service.end()
        failed = [event for event in service.events() if event.get("status") == 500]
        for event in service.events() if failed else ():
            if event.get("status") == 500 or event.get("level") in ("error", "critical"):
                print(event)
        answered = len(seen.good)
    return [
        Promise("no wrong answer", "each equals the serial truth", f"{len(seen.wrong)} wrong of "
                f"{answered + seen.refused + len(seen.wrong)}", not seen.wrong),
        Promise("no failure inside", "no answer 500", f"{len(failed)}", not failed),
        about_memory(samples, thirds),
        about_files(samples, thirds, before, after),
        about_p95(seen.good, samples, thirds),
        _about_history(folder / "home", rows, answered),
        Promise("alive and ends politely", "ready 200, exit status 0", f"{ready}, {status}",
                (ready, status) == (200, 0)),
    ], seen  # fmt: skip


def _watched(process: psutil.Process, end: float) -> list[Sample]:
    samples, pause = [], threading.Event()
    while time.monotonic() < end:
        memory = process.memory_info().rss / 1e6
        work_s = _time_for_a_piece_of_work()
        samples.append(Sample(time.monotonic(), memory, process.num_fds(), work_s))
        pause.wait(_EVERY_S)
    return samples


def _time_for_a_piece_of_work() -> float:
    """Long enough to be interrupted by whatever else runs here, as an answer is."""
    start = time.perf_counter()
    hashlib.sha256(_WORK)  # lets other threads of this process go on
    return time.perf_counter() - start


def _about_history(home: Path, figures: str, answered: int) -> Promise:
    """`kept` has also found the database whole."""
    rows = len(kept(home))
    lost = 'where="nowhere"' in figures
    seen = f"{rows} requests in the history, {answered} good answers"
    return Promise("every count kept", "a row for each, database whole", seen,
                   rows >= answered and not lost)  # fmt: skip


if __name__ == "__main__":
    main()
