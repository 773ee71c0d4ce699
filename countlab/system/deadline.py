"""Request deadline and cancellation.

A thread cannot be stopped from outside, so long work stops itself: between its steps it calls
`check_deadline()`. Independent of HTTP; without an active deadline, work runs to its end.
"""

from __future__ import annotations

import time
from contextvars import ContextVar

from countlab.errors import CountlabError

_active: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


class Deadline:
    """The deadline of one request; it ends early when the client disconnects."""

    def __init__(self, seconds: float) -> None:
        self.timeout_s = seconds
        self.ends = time.monotonic() + seconds
        self.client_disconnected = False

    @property
    def remaining_s(self) -> float:
        return self.ends - time.monotonic()

    def activate(self) -> None:
        """Makes `check_deadline()` check this one, in threads that copy the context too."""
        _active.set(self)

    def timeout_error(self) -> CountlabError:
        return CountlabError("took_too_long", seconds=round(self.timeout_s))


def check_deadline() -> None:
    """Raises an error if the active deadline has passed or its client has disconnected."""
    deadline = _active.get()
    if deadline is None:
        return
    if deadline.client_disconnected:
        raise CountlabError("client_left")
    if deadline.remaining_s <= 0:
        raise deadline.timeout_error()


def remaining_s(*, default: float) -> float:
    """Until the active deadline, but no longer than `default`; not negative."""
    deadline = _active.get()
    return default if deadline is None else max(0.0, min(default, deadline.remaining_s))
