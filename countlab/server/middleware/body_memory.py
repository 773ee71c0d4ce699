"""Memory for request bodies: a budget in bytes, in all and for each client.

A client is charged for what has arrived, never for what it announces: who sends nothing holds
nothing. It may have half of all, and beside others as much as it leaves free, so that several
together never fill everything. When the budget is used up, bodies that have stopped arriving give
way. Knows nothing of HTTP.
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
    """`largest` is the longest body that is accepted at all; alone it fits at any setting."""

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

    def check_announced(self, client: str, announced: int) -> None:
        """Raises `too_busy` for a body that would find no room, before it is sent in vain."""
        steady = {share for share in self._shares if not _is_stalled(share)}
        if self._competing(steady, client, announced) is not None:
            raise self._error()

    def make_room(self, share: Share, arrived: int) -> None:
        while (competing := self._competing(self._shares, share.client, arrived)) is not None:
            stalled = [other for other in competing if other is not share and _is_stalled(other)]
            if not stalled:
                raise self._error()
            largest = max(stalled, key=lambda other: other.bytes)
            assert largest.arriving is not None
            largest.arriving.cancel()
            self._shares.discard(largest)

    def _competing(self, shares: set[Share], client: str, arrived: int) -> set[Share] | None:
        """Those of which one must give way before so many bytes fit; None where they fit."""
        own = {share for share in shares if share.client == client}
        own_bytes = arrived + sum(share.bytes for share in own)
        if own_bytes > self.max_client_bytes:
            return own
        others_bytes = sum(share.bytes for share in shares - own)
        free = self.max_bytes - others_bytes - own_bytes
        return shares if others_bytes and own_bytes > free else None

    def _error(self) -> CountlabError:
        return CountlabError("too_busy", inside=len(self._shares), retry_after_s=_RETRY_AFTER_S)


def _is_stalled(share: Share) -> bool:
    return share.arriving is not None and time.monotonic() - share.last_arrival > _STALLED_S
