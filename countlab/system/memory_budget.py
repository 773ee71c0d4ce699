"""A budget of memory that large pictures share: they take turns, small ones pass.

A claim lasts as long as the picture that it was made for. Who must wait gives its place at work
to others meanwhile.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar

from countlab.errors import CountlabError
from countlab.system.deadline import check_deadline

SMALL = 80_000_000
"""Claims up to this pass at once: their number is bounded by the places at work."""
_MAX_WAITING = 8
_CHECK_EVERY_S = 0.5
_COLLECT_EVERY_S = 10.0

waiting_aside: ContextVar[Callable[[], AbstractContextManager[None]]] = ContextVar(
    "waiting_aside", default=nullcontext
)
"""Gives the place at work to others for a block, and takes one again; set by a server."""


class Claim:
    """Memory taken; given back once, by whoever drops it first."""

    def __init__(self, budget: MemoryBudget | None, memory: int) -> None:
        self._budget, self.memory = budget, memory
        self.thread = threading.get_ident()

    def release(self) -> None:
        budget, self._budget = self._budget, None
        if budget is not None:
            budget._give_back(self)


class MemoryBudget:
    """`claim` waits for its turn, first come, first served."""

    def __init__(self, memory: int) -> None:
        self._total = self._free = memory
        self._condition = threading.Condition(threading.RLock())  # finalizers may run anywhere
        self._held: list[Claim] = []
        self._waiting: deque[Claim] = deque()

    def claim(self, memory: int) -> Claim:
        if memory <= SMALL:
            return Claim(None, memory)
        claim = Claim(self, min(memory, self._total))
        if self._take(claim):
            return claim
        with waiting_aside.get()():
            self._wait(claim)
        return claim

    def _take(self, claim: Claim) -> bool:
        with self._condition:
            # A thread that has a picture at work already cannot wait for itself.
            own = any(held.thread == claim.thread for held in self._held)
            if own or (claim.memory <= self._free and not self._waiting):
                self._free -= claim.memory
                self._held.append(claim)
                return True
            if len(self._waiting) >= _MAX_WAITING:
                raise CountlabError(
                    "too_busy", inside=len(self._waiting) + len(self._held), retry_after_s=5
                )
            self._waiting.append(claim)
            return False

    def _wait(self, claim: Claim) -> None:
        collected = time.monotonic()
        with self._condition:
            try:
                while self._waiting[0] is not claim or claim.memory > self._free:
                    self._condition.wait(_CHECK_EVERY_S)
                    check_deadline()
                    if (
                        self._waiting[0] is claim
                        and time.monotonic() - collected > _COLLECT_EVERY_S
                    ):
                        gc.collect()  # a picture may hang in the traceback of an error
                        collected = time.monotonic()
                self._free -= claim.memory
                self._held.append(claim)
            finally:
                self._waiting.remove(claim)
                self._condition.notify_all()

    def _give_back(self, claim: Claim) -> None:
        with self._condition:
            if claim in self._held:
                self._held.remove(claim)
                self._free += claim.memory
                self._condition.notify_all()
