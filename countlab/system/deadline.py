"""How long somebody still waits for an answer: work asks now and then whether it is wanted.

A thread cannot be stopped from outside, so the long work stops itself: between its steps it
calls `check_deadline()`. Knows nothing of HTTP; outside of a server everybody waits for ever.
"""

from __future__ import annotations

import time
from contextvars import ContextVar

from countlab.errors import CountlabError

_patience: ContextVar[Deadline | None] = ContextVar("patience", default=None)


class Deadline:
    """One request's: it ends at the deadline, or when the client hangs up."""

    def __init__(self, seconds: float) -> None:
        self.allowed_s = seconds
        self.ends = time.monotonic() + seconds
        self.client_left = False

    @property
    def left_s(self) -> float:
        return self.ends - time.monotonic()

    def begin(self) -> None:
        """From here on `check_deadline()` checks this one, also in the request's own threads."""
        _patience.set(self)

    def timeout_error(self) -> CountlabError:
        return CountlabError("took_too_long", seconds=round(self.allowed_s))


def check_deadline() -> None:
    """Raises when nobody waits for the answer any more."""
    patience = _patience.get()
    if patience is None:
        return
    if patience.client_left:
        raise CountlabError("client_left")
    if patience.left_s <= 0:
        raise patience.timeout_error()
