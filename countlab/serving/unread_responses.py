"""Responses that wait in memory for their clients to read them: bounded in time and in all.

The slot of a request is free as soon as its response is written, so without these bounds many
clients that read nothing would fill the memory.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

_CHECK_INTERVAL_S = 5.0
_UNREAD_TIMEOUT_S = 20.0  # without any progress
_GRACE_S = 20.0  # before the minimum speed applies
_MIN_BYTES_PER_S = 20_000
_MAX_BYTES = 128_000_000  # of all connections of a process
_SETTLED_S = 1.0  # a connection that has just paused is not judged by its speed yet


@dataclass
class _Unread:
    """One response that its client has not read to the end."""

    transport: asyncio.Transport
    timer: asyncio.TimerHandle | None = None
    start: float = field(default_factory=time.monotonic)
    start_bytes: int = 0
    last_bytes: int = 0
    last_progress: float = field(default_factory=time.monotonic)

    @property
    def bytes(self) -> int:
        return self.transport.get_write_buffer_size()

    @property
    def speed(self) -> float:
        return (self.start_bytes - self.bytes) / max(0.1, time.monotonic() - self.start)


class UnreadResponses:
    """All unread responses of a process; `add` when writing pauses, `remove` when it resumes."""

    def __init__(self) -> None:
        self._unread: dict[asyncio.Transport, _Unread] = {}

    @property
    def bytes(self) -> int:
        return sum(unread.bytes for unread in self._unread.values())

    def add(self, transport: asyncio.Transport) -> None:
        if transport in self._unread:
            return
        unread = _Unread(transport)
        unread.start_bytes = unread.last_bytes = unread.bytes
        self._unread[transport] = unread
        self._schedule(unread)
        self._drop_slowest(transport)

    def remove(self, transport: asyncio.Transport) -> None:
        unread = self._unread.pop(transport, None)
        if unread is not None and unread.timer is not None:
            unread.timer.cancel()

    def _schedule(self, unread: _Unread) -> None:
        interval_s = min(_CHECK_INTERVAL_S, _UNREAD_TIMEOUT_S)
        loop = asyncio.get_running_loop()
        unread.timer = loop.call_later(interval_s, self._check, unread)

    def _check(self, unread: _Unread) -> None:
        """Drops a client that reads nothing, or more slowly than a bad line would."""
        now, size = time.monotonic(), unread.bytes
        if size < unread.last_bytes:
            unread.last_bytes, unread.last_progress = size, now
        age_s = now - unread.start
        if now - unread.last_progress >= _UNREAD_TIMEOUT_S or (
            age_s > _GRACE_S and unread.speed < _MIN_BYTES_PER_S
        ):
            self._drop(unread)
        else:
            self._schedule(unread)

    def _drop_slowest(self, newest: asyncio.Transport) -> None:
        while self.bytes > _MAX_BYTES:
            now = time.monotonic()
            settled = [
                unread
                for unread in self._unread.values()
                if unread.transport is not newest and now - unread.start > _SETTLED_S
            ]
            if not settled and self.bytes > 2 * _MAX_BYTES:  # many at once: the oldest ones go
                settled = [u for u in self._unread.values() if u.transport is not newest]
            if not settled:
                return
            self._drop(min(settled, key=lambda unread: unread.speed))

    def _drop(self, unread: _Unread) -> None:
        self.remove(unread.transport)
        unread.transport.abort()
