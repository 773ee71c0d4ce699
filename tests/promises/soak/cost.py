"""The cost of the history per request: two real servers, with and without it, in turns.

    python -m tests.promises.soak.cost [--clients 8] [--realtime]

`--realtime` (root) gives both real-time priority on a shared machine, where a thread that waited
for the disk would otherwise wait for a core as well.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import requests

from tests.conftest import ROOT
from tests.promises.reliability.service import Service
from tests.promises.soak.jobs import Job

_PICTURE = ROOT / "images" / "fruits.jpg"
_ROUNDS = 12


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.promises.soak.cost")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0, help="per server and round")
    parser.add_argument("--realtime", action="store_true")
    arguments = parser.parse_args()
    preexec = _set_realtime_priority if arguments.realtime else None
    with (
        tempfile.TemporaryDirectory() as folder,
        Service(Path(folder) / "on", preexec=preexec) as on,
        Service(Path(folder) / "off", "--no-history", preexec=preexec) as off,
    ):
        durations_s: dict[str, list[float]] = {"on": [], "off": []}
        for round_ in range(_ROUNDS):
            for name, service in (("on", on), ("off", off))[:: 1 if round_ % 2 else -1]:
                measured = _measure(arguments.seconds, service, arguments.clients)
                durations_s[name] += measured if round_ else []  # the first round warms up
    on_ms, off_ms = (median(durations_s[name]) * 1000 for name in ("on", "off"))
    requests_on, requests_off = len(durations_s["on"]), len(durations_s["off"])
    print(f"{arguments.clients} clients, {requests_on} + {requests_off} requests, median:")
    print(f"history on {on_ms:.2f} ms, off {off_ms:.2f} ms, cost {on_ms - off_ms:.2f} ms")


def _set_realtime_priority() -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))


def _measure(seconds: float, service: Service, clients: int) -> list[float]:
    request = Job("/countObjects", (("file", _PICTURE.read_bytes()),)).prepared(service.url)
    end, durations_s = time.monotonic() + seconds, list[float]()

    def send() -> None:
        with requests.Session() as session:
            while time.monotonic() < end:
                start = time.perf_counter()
                session.send(request, timeout=60).raise_for_status()
                durations_s.append(time.perf_counter() - start)

    _run_threads(send, clients)
    return durations_s


def _run_threads(work: Callable[[], None], number: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
