"""The service by number of processes: requests a second, overhead of a request, start, memory."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import psutil

from benchmarks.pictures import request_pictures

_PROGRAM = "from countlab.cli import main; main()"
_STARTED_WITHIN_S = 600.0
_LONE_REQUESTS = 40


def serve_workers(arguments: argparse.Namespace) -> dict[str, Any]:
    """`serve --workers N`, on N cores alone (as if the machine had no more) and on all."""
    measured = {}
    for number in arguments.numbers:
        options = ["--workers", str(number)]
        if number < (os.cpu_count() or 1):
            name = f"--workers {number} on {number} core" + "s" * (number > 1)
            measured[name] = _measure(options, arguments, cores=number)
        measured[f"--workers {number}"] = _measure(options, arguments)
    return measured


def ray_replicas(arguments: argparse.Namespace) -> dict[str, Any]:
    """`serve --ray local --replicas fruits=N`, beside one process without Ray."""
    measured = {"without Ray": _measure([], arguments)}
    for number in arguments.numbers:
        options = ["--ray", "local", "--replicas", f"fruits={number}"]
        measured[f"{number} replicas"] = _measure(options, arguments)
    alone = measured["without Ray"]["lone_ms"]
    for name, result in measured.items():
        result["overhead_ms"] = round(result["lone_ms"] - alone, 2)
        print(name, result, flush=True)
    return measured


def _measure(
    options: Sequence[str], arguments: argparse.Namespace, *, cores: int | None = None
) -> dict[str, Any]:
    pictures = request_pictures()
    started = time.perf_counter()
    with _served(options, cores) as (url, process):
        start_s = time.perf_counter() - started
        lone = _lone(url, pictures)
        before = _processor_s(process.pid)
        done, refused, latencies = _busy(url, pictures, arguments.clients, arguments.seconds)
        spent: dict[str, float] = {}
        for pid, (name, seconds) in _processor_s(process.pid).items():
            since = seconds - before.get(pid, (name, 0.0))[1]
            spent[name] = spent.get(name, 0.0) + 1000 * since / max(1, done)
        memory = _memory(process.pid)
    return {
        "start_s": round(start_s, 1),
        "lone_ms": round(statistics.median(lone), 2),
        "requests_a_second": round(done / arguments.seconds, 1),
        "p99_ms": round(sorted(latencies)[int(0.99 * len(latencies))], 1) if latencies else None,
        "refused": refused,
        "cpu_ms_a_request": {name: round(ms, 1) for name, ms in spent.items() if ms >= 0.1},
        "memory_mb": round(memory["pss"] / 1e6),
        "memory_if_nothing_were_shared_mb": round(memory["rss"] / 1e6),
        "processes": memory["processes"],
    }


@contextmanager
def _served(
    options: Sequence[str], cores: int | None
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-c", _PROGRAM, "serve", "--port", "0", "--no-history", "--no-ui"]
    pinned = ["taskset", "-c", f"0-{cores - 1}"] if cores else []
    process = subprocess.Popen(
        [*pinned, *command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = line.split()[2]
        end = time.monotonic() + _STARTED_WITHIN_S
        while httpx.get(f"{url}/health/ready", timeout=60).status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.1)
        yield url, process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _lone(url: str, pictures: Sequence[bytes]) -> list[float]:
    """Milliseconds of requests that nobody competes with; the first ones warm up."""
    times = []
    with httpx.Client(base_url=url, timeout=120) as client:
        for number in range(_LONE_REQUESTS + 10):
            started = time.perf_counter()
            _count(client, pictures[number % len(pictures)])
            times.append(1000 * (time.perf_counter() - started))
    return times[10:]


def _busy(
    url: str, pictures: Sequence[bytes], clients: int, seconds: float
) -> tuple[int, int, list[float]]:
    latencies: list[float] = []
    refused = [0]
    end = time.monotonic() + seconds

    def work(first: int) -> None:
        number = first
        with httpx.Client(base_url=url, timeout=120) as client:
            while time.monotonic() < end:
                started = time.perf_counter()
                if _count(client, pictures[number % len(pictures)]) == 200:
                    latencies.append(1000 * (time.perf_counter() - started))
                else:
                    refused[0] += 1
                number += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(latencies), refused[0], latencies


def _count(client: httpx.Client, picture: bytes) -> int:
    files = {"file": ("picture.jpg", picture, "image/jpeg")}
    return client.post("/countObjects", files=files).status_code


def _processor_s(pid: int) -> dict[int, tuple[str, float]]:
    """Of each process what it is and its processor time; Ray's change their names as they work."""
    found = {}
    process = psutil.Process(pid)
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            words = " ".join(one.cmdline()).strip()
            name = words.partition(".")[0] if words.startswith("ray::") else one.name()
            times = one.cpu_times()
            found[one.pid] = name, times.user + times.system
    return found


def _memory(pid: int) -> dict[str, int]:
    """Shared pages counted once (PSS), and as if each process had its own (RSS)."""
    process = psutil.Process(pid)
    found = {"pss": 0, "rss": 0, "processes": 0}
    for one in (process, *process.children(recursive=True)):
        try:
            info = one.memory_full_info()
        except psutil.Error:
            continue
        found["pss"] += info.pss
        found["rss"] += info.rss
        found["processes"] += 1
    return found
