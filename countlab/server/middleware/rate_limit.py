"""How often somebody may ask: so many at once, then evenly spaced. Knows nothing of HTTP.

One number for each client, the moment at which all it asked is paid off; no thread, no clock
running beside (a library that has both cost 0.4 ms of each request, this costs a microsecond).
"""

from __future__ import annotations

import time

from countlab.settings import Rate

_REMEMBERED = 20_000  # clients; some megabytes, whoever asks from however many addresses


class RateLimiter:
    """Each process counts for itself: with several workers each allows the whole rate."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._gap_s = rate.seconds / rate.number
        self._paid_off: dict[str, float] = {}

    def wait_s(self, client: str) -> float:
        """0 if the client may ask now, which counts as having asked; else the seconds until."""
        now = time.monotonic()
        paid_off = max(self._paid_off.get(client, now), now) + self._gap_s
        too_early_s = paid_off - now - self.rate.seconds
        if too_early_s > 1e-6:
            return too_early_s
        self._paid_off[client] = paid_off
        if len(self._paid_off) > _REMEMBERED:
            self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Those who owe nothing; if all owe, the half that came first: seldom, so it is cheap."""
        owing = [(client, due) for client, due in self._paid_off.items() if due > now]
        self._paid_off = dict(owing[-_REMEMBERED // 2 :])
