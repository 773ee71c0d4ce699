"""Who looks at which picture right now, so that two people are not shown the same one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

_HELD_S = 120.0
"""A picture that somebody has left open longer is shown to others again."""


class Claims:
    """In one process; who reviews from another one is held off by the answers' versions."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._held: dict[str, tuple[str, float]] = {}
        self._clock, self._lock = clock, threading.Lock()

    def claim(self, files: Iterable[str], person: str) -> str | None:
        """The first file that nobody else looks at; the person's earlier claim ends."""
        now = self._clock()
        with self._lock:
            self._held = {
                file: (who, since)
                for file, (who, since) in self._held.items()
                if who != person and now - since < _HELD_S
            }
            for file in files:
                if file not in self._held:
                    self._held[file] = person, now
                    return file
        return None

    def others(self, person: str) -> int:
        """How many other people look at a picture."""
        now = self._clock()
        with self._lock:
            held = [who for who, since in self._held.values() if now - since < _HELD_S]
        return len({who for who in held if who != person})
