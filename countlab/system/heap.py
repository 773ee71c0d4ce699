"""The heap of a server process: few of them, and what a peak has left goes back (glibc).

By default each thread gets a heap of its own, and memory freed in one cannot be reused in another:
with pictures passing through a dozen threads, memory grew by a third.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
import time
from collections.abc import Callable

# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MB = 1 << 20
_GIVE_BACK_EVERY_S = 10.0


def settle_heap() -> None:
    """To be called once, before the first thread starts.

    The thresholds make the two heaps keep the pages of a picture for the next one: returning and
    requesting them each time cost a millisecond. What many requests at once have left would stay
    for good, so it is given back now and then.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # musl has neither
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_ARENA_MAX, 2)
        libc.mallopt(_M_MMAP_THRESHOLD, 32 * _MB)
        libc.mallopt(_M_TRIM_THRESHOLD, 64 * _MB)
        threading.Thread(target=_give_back, args=[libc.malloc_trim], daemon=True).start()


def _give_back(malloc_trim: Callable[[int], int]) -> None:
    while True:
        time.sleep(_GIVE_BACK_EVERY_S)
        malloc_trim(0)
