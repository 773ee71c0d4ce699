"""What is left of a body whose request has been answered: read and dropped for a moment.

Who is still sending would otherwise never read the answer. A sender that was refused because no
room was found is read slowly: it would only come back with as many bytes at once, and reading
them is work that others wait for.
"""

from __future__ import annotations

import asyncio
import time

from uvicorn.protocols.http.flow_control import FlowControl

_CLOSE_AFTER_S = 2.0
_CLOSE_SLOW_AFTER_S = 3.0
_MAX_BYTES_PER_S = 40_000_000  # of all slow ones of a process together


class Pace:
    """How soon the slow ones of a process may be read further."""

    def __init__(self) -> None:
        self._free_at = 0.0

    def wait_s(self, arrived: int) -> float:
        now = time.monotonic()
        self._free_at = max(now, self._free_at) + arrived / _MAX_BYTES_PER_S
        return self._free_at - now


class RestOfBody:
    """Until it is complete (`end`), or the time for it is over and the connection closes."""

    def __init__(
        self, transport: asyncio.Transport, flow: FlowControl, pace: Pace | None = None
    ) -> None:
        self._transport, self._flow, self._pace = transport, flow, pace
        self._loop = asyncio.get_running_loop()
        close_after_s = _CLOSE_SLOW_AFTER_S if pace else _CLOSE_AFTER_S
        self._timers = [self._loop.call_later(close_after_s, transport.close)]

    def arrived(self, size: int) -> None:
        if self._pace is not None and not self._flow.read_paused:
            self._flow.pause_reading()
            wait_s = self._pace.wait_s(size)
            self._timers[1:] = [self._loop.call_later(wait_s, self._flow.resume_reading)]

    def end(self) -> None:
        for timer in self._timers:
            timer.cancel()
        if not self._transport.is_closing():
            self._flow.resume_reading()
