"""The command `python -m tests.promises.soak --minutes 10`, which prints a table of promises.

The exit status is 1 if a promise is broken.
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

from tests.promises.reliability.service import Service, recorded_ids
from tests.promises.soak.clients import Clients, Results
from tests.promises.soak.jobs import all_jobs, serial_run
from tests.promises.soak.promises import (
    Promise,
    Sample,
    Thirds,
    check_memory,
    check_open_files,
    check_p95,
    format_table,
)

_SAMPLE_INTERVAL_S = 1.0
_WORK = bytes(64_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.promises.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        promises, results = soak(Path(folder), minutes=arguments.minutes, clients=arguments.clients)
    cores = f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.0f} at the end"
    print(
        f"{arguments.minutes:g} minutes, {arguments.clients} clients; {platform.machine()}, {cores}"
    )
    refused, disconnected = results.refused, results.disconnected
    print(f"{len(results.counts)} correct counts, {refused} refusals, {disconnected} disconnects\n")
    print(format_table(promises))
    for wrong in results.wrong[:10]:
        print(f"\nwrong: {wrong}")
    raise SystemExit(0 if all(promise.kept for promise in promises) else 1)


def soak(folder: Path, *, minutes: float, clients: int) -> tuple[list[Promise], Results]:
    """A separate server: first the serial run, then the load."""
    with Service(folder / "home") as service:
        jobs = all_jobs()
        expected = serial_run(jobs, service.url)
        process = psutil.Process(service.process.pid)
        # What is made at the first request of its kind, or when several come at once, stays.
        warm_up = Clients(service.url, expected, jobs, clients)
        warm_up.wait_for_every_kind()
        warm_up.stop()
        service.get("/history")
        time.sleep(2 * _SAMPLE_INTERVAL_S)
        before = process.num_fds()
        start = time.monotonic()
        load = Clients(service.url, expected, jobs, clients)
        try:
            samples = _sample(process, start + minutes * 60)
        finally:
            load.stop()
        thirds, results = Thirds(start, time.monotonic()), load.results
        time.sleep(2 * _SAMPLE_INTERVAL_S)
        after = process.num_fds()
        ready = service.get("/health/ready").status_code
        metrics, status = service.get("/metrics").text, service.terminate()
        failed = [event for event in service.events() if event.get("status") == 500]
        for event in service.events() if failed else ():
            if event.get("status") == 500 or event.get("level") in ("error", "critical"):
                print(event)
        counts = len(results.counts)
    return [
        Promise("no wrong response", "each equals the serial run", f"{len(results.wrong)} wrong of "
                f"{counts + results.refused + len(results.wrong)}", not results.wrong),
        Promise("no internal error", "no status 500", f"{len(failed)}", not failed),
        check_memory(samples, thirds),
        check_open_files(samples, thirds, before, after),
        check_p95(results.counts, samples, thirds),
        _check_history(folder / "home", metrics, counts),
        Promise("alive and ends on SIGTERM", "ready 200, exit status 0", f"{ready}, {status}",
                (ready, status) == (200, 0)),
    ], results  # fmt: skip


def _sample(process: psutil.Process, end: float) -> list[Sample]:
    samples, pause = [], threading.Event()
    while time.monotonic() < end:
        memory = process.memory_info().rss / 1e6
        work_s = _machine_speed_s()
        samples.append(Sample(time.monotonic(), memory, process.num_fds(), work_s))
        pause.wait(_SAMPLE_INTERVAL_S)
    return samples


def _machine_speed_s() -> float:
    """The duration of a fixed piece of work, long enough to be preempted as a request is."""
    start = time.perf_counter()
    hashlib.sha256(_WORK)  # releases the GIL
    return time.perf_counter() - start


def _check_history(home: Path, metrics: str, counts: int) -> Promise:
    """Includes the integrity check of `recorded_ids`."""
    rows = len(recorded_ids(home))
    has_lost_rows = 'where="nowhere"' in metrics
    result = f"{rows} requests in the history, {counts} correct counts"
    return Promise("every count recorded", "a row for each, database intact", result,
                   rows >= counts and not has_lost_rows)  # fmt: skip


if __name__ == "__main__":
    main()
