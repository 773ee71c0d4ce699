"""Concurrency limits: how many requests run, and how many wait. Knows nothing of HTTP.

Fair among clients (a key's name, or an address): a free slot goes to the client with the fewest
running requests, and among those to the one that has used the slots least of late. When the queue
is full, a request of the client that waits most often gives way to one of a client that waits
less. From a client that holds others already, the last slot is kept for a moment for one that has
just had an answer: it comes back at once, and would wait for as long as another's work takes.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from dataclasses import dataclass, field

from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.system.cpu import cores

_RETRY_AFTER_S = 2
_MEMORY_S = 30.0  # after this long, slot time used counts for a third
_KEPT_S = 0.1  # time to read an answer and send the next request
_MAX_IDLE_CLIENTS = 1000


@dataclass
class _Client:
    running: int = 0
    waiters: deque[asyncio.Future[None]] = field(default_factory=deque)
    used_s: float = 0.0
    """Time in slots, which fades."""
    updated: float = field(default_factory=time.monotonic)

    def fade(self) -> float:
        now = time.monotonic()
        self.used_s *= math.exp((self.updated - now) / _MEMORY_S)
        self.updated = now
        return self.used_s


class Slots:
    """Running slots and a bounded queue in front of them, for one event loop at a time."""

    def __init__(self, max_running: int, max_waiting: int) -> None:
        self.max_running, self.max_waiting = max_running, max_waiting
        self.running = self.waiting = 0
        self._clients: dict[str, _Client] = {}
        self._later: asyncio.TimerHandle | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Slots:
        # One more than cores: while one request waits for the network to run, another decodes.
        # On two cores eight clients got 14 % more responses than with two (`countlab bench`).
        return cls(settings.slots or cores() + 1, settings.queue)

    @property
    def admitted(self) -> int:
        return self.running + self.waiting

    @property
    def full(self) -> bool:
        return self.running >= self.max_running and self.waiting >= self.max_waiting

    def error(self) -> CountlabError:
        return CountlabError("too_busy", inside=self.admitted, retry_after_s=_RETRY_AFTER_S)

    def refuses(self, client: str) -> bool:
        """Whether a request of this client would be refused now."""
        waiting = len(self._client(client).waiters)
        return self.full and waiting + 1 >= self._most_waiting()

    def try_acquire(self, client: str) -> bool:
        """Takes a slot if one is free and nobody waits for it."""
        entry = self._client(client)
        if self.waiting or self.running >= self.max_running or self._kept_s(entry):
            return False
        self._take(entry)
        return True

    async def acquire(self, client: str, *, returns: bool = False) -> None:
        """Waits for a slot; raises `too_busy` where the queue has no place for this client.

        `returns` is for a request that gave its slot to others between two steps of its work: it
        is the next one of its client, and not refused any more.
        """
        entry, waiter = self._client(client), asyncio.get_running_loop().create_future()
        if returns:
            entry.waiters.appendleft(waiter)
        elif self.refuses(client):
            raise self.error()
        else:
            if self.full:
                self._refuse_newest_of_largest()
            entry.waiters.append(waiter)
        self.waiting += 1
        self._hand_over()  # a slot may be free that was kept from others
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter in entry.waiters:
                entry.waiters.remove(waiter)
                self.waiting -= 1
            elif not waiter.cancelled() and waiter.exception() is None:
                self.release(client)  # the slot was handed over at the moment of cancellation
            raise

    def release(self, client: str, used_s: float = 0.0) -> None:
        """Gives the slot back, or hands it to the request whose turn it is."""
        entry = self._client(client)
        entry.fade()
        entry.used_s += used_s
        entry.running -= 1
        self.running -= 1
        self._hand_over()
        self._forget_idle()

    def _hand_over(self) -> None:
        while self.waiting and self.running < self.max_running:
            entry = min(
                (entry for entry in self._clients.values() if entry.waiters),
                key=lambda entry: (entry.running, entry.fade()),
            )
            if kept_s := self._kept_s(entry):
                if self._later is not None:
                    self._later.cancel()
                self._later = asyncio.get_running_loop().call_later(kept_s, self._hand_over)
                return
            waiter = entry.waiters.popleft()
            self.waiting -= 1
            if not waiter.done():
                self._take(entry)
                waiter.set_result(None)

    def _kept_s(self, entry: _Client) -> float:
        """How long the last slot is still kept from a client that holds others already."""
        if not entry.running or self.running != self.max_running - 1:
            return 0.0
        idle = (
            client.updated
            for client in self._clients.values()
            if not client.running and not client.waiters
        )
        return max(0.0, max(idle, default=-math.inf) + _KEPT_S - time.monotonic())

    def _take(self, entry: _Client) -> None:
        entry.running += 1
        self.running += 1

    def _client(self, client: str) -> _Client:
        return self._clients.setdefault(client, _Client())

    def _most_waiting(self) -> int:
        return max((len(entry.waiters) for entry in self._clients.values()), default=0)

    def _refuse_newest_of_largest(self) -> None:
        # At least two wait there (see `refuses`), and only the first one may have returned.
        entry = max(self._clients.values(), key=lambda entry: len(entry.waiters))
        waiter = entry.waiters.pop()
        self.waiting -= 1
        if not waiter.done():
            waiter.set_exception(self.error())

    def _forget_idle(self) -> None:
        if len(self._clients) > _MAX_IDLE_CLIENTS:
            self._clients = {
                name: entry
                for name, entry in self._clients.items()
                if entry.running or entry.waiters
            }
