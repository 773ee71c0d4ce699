"""What the history costs a request: two real servers, one with and one without, asked in turn.

    python -m tests.promises.soak.cost [--clients 8] [--realtime]

`--realtime` (root) runs both before everything else on a machine that others use as well, where
a thread that waits for the disk would else wait for its turn on a core.
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
    parser.add_argument("--seconds", type=float, default=2.0, help="of each server in each round")
    parser.add_argument("--realtime", action="store_true")
    asked = parser.parse_args()
    first = _before_all_others if asked.realtime else None
    with (
        tempfile.TemporaryDirectory() as folder,
        Service(Path(folder) / "on", before=first) as on,
        Service(Path(folder) / "off", "--no-history", before=first) as off,
    ):
        times: dict[str, list[float]] = {"on": [], "off": []}
        for round_ in range(_ROUNDS):
            for name, service in (("on", on), ("off", off))[:: 1 if round_ % 2 else -1]:
                took = _ask_for(asked.seconds, service, asked.clients)
                times[name] += took if round_ else []  # the first round warms up
    on_ms, off_ms = (median(times[name]) * 1000 for name in ("on", "off"))
    print(f"{asked.clients} clients, {len(times['on'])} + {len(times['off'])} requests, median:")
    print(f"history on {on_ms:.2f} ms, off {off_ms:.2f} ms, cost {on_ms - off_ms:.2f} ms")


def _before_all_others() -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))


def _ask_for(seconds: float, service: Service, clients: int) -> list[float]:
    request = Job("/countObjects", (("file", _PICTURE.read_bytes()),)).prepared(service.url)
    end, took = time.monotonic() + seconds, list[float]()

    def ask() -> None:
        with requests.Session() as session:
            while time.monotonic() < end:
                start = time.perf_counter()
                session.send(request, timeout=60).raise_for_status()
                took.append(time.perf_counter() - start)

    _together(ask, clients)
    return took


def _together(work: Callable[[], None], number: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
