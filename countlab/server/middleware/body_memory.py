"""Memory for request bodies: a budget in bytes, in all and for each client.

A client is charged for what has arrived, never for what it announces: who sends nothing holds
nothing. When the budget is used up, bodies that have stopped arriving give way. Knows nothing of
HTTP.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import anyio

from countlab.errors import CountlabError

_RETRY_AFTER_S = 2
_STALLED_S = 1.0


@dataclass(eq=False)
class Share:
    """The bytes of one body, from the first one to the end of its request."""

    memory: BodyMemory
    client: str
    arriving: anyio.CancelScope | None = None
    """Cancelled when the body gives way to others; None when all of it is here."""
    bytes: int = 0
    last_arrival: float = field(default_factory=time.monotonic)

    def grow(self, arrived: int) -> None:
        """Charges the bytes; raises `too_busy` where there is no room for them."""
        self.memory.make_room(self, arrived)
        self.bytes += arrived
        self.last_arrival = time.monotonic()


class BodyMemory:
    """`largest` is the longest body that is accepted at all; it fits at any setting."""

    def __init__(self, max_bytes: int, largest: int) -> None:
        self.max_bytes = max(max_bytes, largest)
        self.max_client_bytes = max(max_bytes // 2, largest)
        self._shares: set[Share] = set()

    @property
    def bytes(self) -> int:
        return sum(share.bytes for share in self._shares)

    @contextlib.contextmanager
    def share(self, client: str) -> Iterator[Share]:
        share = Share(self, client)
        self._shares.add(share)
        try:
            yield share
        finally:
            self._shares.discard(share)

    def make_room(self, share: Share, arrived: int) -> None:
        own = {other for other in self._shares if other.client == share.client}
        for shares, allowed in ((own, self.max_client_bytes), (self._shares, self.max_bytes)):
            while sum(other.bytes for other in shares) + arrived > allowed:
                stalled = [other for other in shares if other is not share and _is_stalled(other)]
                if not stalled:
                    raise CountlabError(
                        "too_busy", inside=len(self._shares), retry_after_s=_RETRY_AFTER_S
                    )
                largest = max(stalled, key=lambda other: other.bytes)
                assert largest.arriving is not None
                largest.arriving.cancel()
                self._shares.discard(largest)
                own.discard(largest)


def _is_stalled(share: Share) -> bool:
    return share.arriving is not None and time.monotonic() - share.last_arrival > _STALLED_S
