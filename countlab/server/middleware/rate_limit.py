"""Rate limiting: a burst of the full rate, then evenly spaced requests. Knows nothing of HTTP.

The generic cell rate algorithm: one timestamp per client, no thread and no timer (a library that
has both cost 0.4 ms per request, this costs a microsecond).
"""

from __future__ import annotations

import time

from countlab.settings import Rate

_MAX_CLIENTS = 20_000  # a few megabytes, however many addresses send requests


class RateLimiter:
    """Each process counts for itself: with several workers each allows the full rate."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._interval_s = rate.seconds / rate.requests
        self._due: dict[str, float] = {}
        """When the client's requests so far would end if they were evenly spaced."""

    def wait_s(self, client: str) -> float:
        """0 if the client may send a request now, which is then counted; else the time to wait."""
        now = time.monotonic()
        due = max(self._due.get(client, now), now) + self._interval_s
        wait_s = due - now - self.rate.seconds
        if wait_s > 1e-6:
            return wait_s
        self._due[client] = due
        if len(self._due) > _MAX_CLIENTS:
            self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Drops idle clients, and the older half of the others: rare, so cheap on average."""
        active = [(client, due) for client, due in self._due.items() if due > now]
        self._due = dict(active[-_MAX_CLIENTS // 2 :])
