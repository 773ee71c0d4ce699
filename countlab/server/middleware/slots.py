"""How many may count now, and how many may wait: a bounded number of each. Knows no requests."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator

from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.system.cpu import cores

_TRY_AGAIN_S = 2


class Slots:
    """How many requests are inside, and how many of them work. One event loop at a time.

    A batch takes as many places as single pictures of its size would, so that the places bound
    the memory that waiting bodies take.
    """

    def __init__(self, settings: Settings) -> None:
        # One more than cores: while one request waits for the network's turn, another decodes. On
        # two cores eight clients got 14 % more answers than with two (`countlab bench`).
        self.max_running = settings.slots or cores() + 1
        self.max_inside = self.max_running + settings.queue
        self.inside = self.running = 0
        self._turns: deque[asyncio.Future[None]] = deque()

    @property
    def full(self) -> bool:
        return self.inside >= self.max_inside

    @property
    def waiting(self) -> int:
        """Those that are all here, and wait for a workplace."""
        return len(self._turns)

    @contextlib.contextmanager
    def entered(self, weight: int) -> Iterator[None]:
        """Places for the block, or the news that too few are free."""
        weight = min(weight, self.max_inside)
        if self.inside + weight > self.max_inside:
            raise CountlabError("too_busy", inside=self.inside, retry_after_s=_TRY_AGAIN_S)
        self.inside += weight
        try:
            yield
        finally:
            self.inside -= weight

    def take(self) -> bool:
        """A workplace at once, unless all are taken or somebody was here before."""
        if self._turns or self.running >= self.max_running:
            return False
        self.running += 1
        return True

    async def wait(self) -> None:
        """A workplace, first come, first served."""
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                with contextlib.suppress(ValueError):  # leave() has passed over it already
                    self._turns.remove(turn)
            else:
                self.leave()  # the workplace and the end of patience came at the same moment
            raise

    def leave(self) -> None:
        """Hands the workplace to the one who waits longest."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1
