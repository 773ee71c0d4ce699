"""A whole service under watch: its memory, helpers included, and how fast `/health` answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

_EVERY_S, _MEMORY_EVERY_S = 0.02, 0.1  # looking at memory holds up who asks for some


@dataclass
class Watched:
    """What was seen while the block ran."""

    before_mb: float
    peak_mb: float = 0.0
    waits_s: list[float] = field(default_factory=list)

    @property
    def increase_mb(self) -> float:
        return max(0.0, self.peak_mb - self.before_mb)

    @property
    def usual_wait_s(self) -> float:
        return sorted(self.waits_s)[len(self.waits_s) // 2] if self.waits_s else 0.0


def memory_mb(pid: int) -> float:
    """Of a process and all below it; memory that they share counts once (Pss)."""
    total = 0
    for each in [pid, *_below(pid)]:
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:  # it has ended
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000


@contextmanager
def watched(url: str, pid: int) -> Iterator[Watched]:
    seen = Watched(memory_mb(pid))
    done = threading.Event()

    def watch_memory() -> None:
        while not done.wait(_MEMORY_EVERY_S):
            seen.peak_mb = max(seen.peak_mb, memory_mb(pid))

    def watch_health() -> None:
        with requests.Session() as session:
            while not done.wait(_EVERY_S):
                start = time.monotonic()
                session.get(url + "/health", timeout=60)
                seen.waits_s.append(time.monotonic() - start)

    threads = [threading.Thread(target=watch) for watch in (watch_memory, watch_health)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _below(pid: int) -> list[int]:
    children = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return [each for child in children for each in (child, *_below(child))]
