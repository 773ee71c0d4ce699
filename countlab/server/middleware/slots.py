"""Concurrency limits: how many requests run, and how many wait. Knows nothing of HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator

from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.system.cpu import cores

_RETRY_AFTER_S = 2


class Slots:
    """Running slots and a bounded queue in front of them, for one event loop at a time.

    A request is admitted before its body is read, and takes a slot when its work begins. A batch
    is admitted with the weight of as many single pictures as it may hold, so that `max_admitted`
    bounds the memory of waiting bodies.
    """

    def __init__(self, settings: Settings) -> None:
        # One more than cores: while one request waits for the network to run, another decodes.
        # On two cores eight clients got 14 % more responses than with two (`countlab bench`).
        self.max_running = settings.slots or cores() + 1
        self.max_admitted = self.max_running + settings.queue
        self.admitted = self.running = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    @property
    def full(self) -> bool:
        return self.admitted >= self.max_admitted

    @property
    def waiting(self) -> int:
        """Requests whose body has arrived and that wait for a slot."""
        return len(self._waiters)

    @contextlib.contextmanager
    def admit(self, weight: int) -> Iterator[None]:
        """Admits a request for the block; refuses it with `too_busy` when the queue is full."""
        weight = min(weight, self.max_admitted)
        if self.admitted + weight > self.max_admitted:
            raise CountlabError("too_busy", inside=self.admitted, retry_after_s=_RETRY_AFTER_S)
        self.admitted += weight
        try:
            yield
        finally:
            self.admitted -= weight

    def try_acquire(self) -> bool:
        """Takes a slot if one is free and nobody waits for it."""
        if self._waiters or self.running >= self.max_running:
            return False
        self.running += 1
        return True

    async def acquire(self) -> None:
        """Waits for a slot, first come, first served."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                with contextlib.suppress(ValueError):  # release() has already skipped it
                    self._waiters.remove(waiter)
            else:
                self.release()  # the slot was handed over at the moment of cancellation
            raise

    def release(self) -> None:
        """Hands the slot to the request that has waited longest."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.running -= 1
