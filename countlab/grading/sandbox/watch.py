"""A watch on a tree of processes: more memory or time than allowed ends all of them."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

_EVERY_S = 0.2
_MOST_PROCESSES = 60  # a kernel has a few; threads do not count here
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Looks five times a second, from outside; what runs inside cannot touch it."""

    def __init__(self, pid: int, *, memory_mb: int, seconds: float) -> None:
        self.reason = ""
        self.most_mb = 0.0
        self.pid, self._memory_mb = pid, memory_mb
        self._end = time.monotonic() + seconds
        self._stop = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _look(self) -> None:
        while not self._stop.wait(_EVERY_S):
            processes = tree(self.pid)
            used_mb = sum(map(resident_bytes, processes)) / 1e6
            self.most_mb = max(self.most_mb, used_mb)
            if len(processes) > _MOST_PROCESSES:
                self.reason = "processes"
            elif used_mb > self._memory_mb and _shared_once(processes) > self._memory_mb * 1e6:
                self.reason = "memory"
            elif time.monotonic() > self._end:
                self.reason = "time"
            if self.reason:
                kill_tree(self.pid)
                return


def tree(pid: int) -> list[int]:
    """A process and all that came from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def resident_bytes(pid: int) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        shared = int(Path(f"/proc/{pid}/statm").read_text().split()[2])
        return (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) - shared) * _PAGE
    return 0


def _shared_once(processes: list[int]) -> float:
    """More exact and slower: memory that processes share after a fork counts once."""
    total = 0.0
    for pid in processes:
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def kill_tree(pid: int) -> None:
    """Only processes of this tree; in a private process space the first one takes all along."""
    for each in reversed(tree(pid)):
        with contextlib.suppress(OSError):
            os.kill(each, signal.SIGKILL)
