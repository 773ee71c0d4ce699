"""Inference load: whether this process works on one picture or on several at once.

A lone request uses all cores for each step; concurrent requests get one core each, which finishes
more of them in a second. While some requests decode or encode, often only one is in inference, so
the load counts as concurrent a little longer than it can be observed (on two cores that gave
eight clients 16 to 23 % more responses: `countlab bench`).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

_HOLD_S = 0.2

_lock = threading.Lock()
_running = 0
_concurrent_until = 0.0


@contextlib.contextmanager
def inference_running() -> Iterator[None]:
    """Marks the block as inference, the step that keeps cores busy longest."""
    global _running, _concurrent_until
    with _lock:
        _running += 1
        if _running > 1:
            _concurrent_until = time.monotonic() + _HOLD_S
    try:
        yield
    finally:
        with _lock:
            _running -= 1


def is_concurrent() -> bool:
    """Whether several inferences ran at once within the last 0.2 s."""
    return time.monotonic() < _concurrent_until
