"""Processor cores of this process."""

from __future__ import annotations

import os
import sys
import threading

_NICE = 10
_most: int | None = None


def cores() -> int:
    """How many cores this process may use; in a container fewer than the machine has."""
    if _most is not None:
        return _most
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_cores(number: int) -> None:
    """For a process that shares the machine with others like it; said before models are opened."""
    global _most
    _most = number


def shares_machine() -> bool:
    """Whether other processes like this one have the other cores."""
    return _most is not None


def give_way() -> None:
    """Lets every other thread go before this one, for good."""
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICE)
