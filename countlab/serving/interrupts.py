"""Signals that end a server: heard once, and by workers also through the end of their parent."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys
from collections.abc import Iterator
from types import FrameType

_PR_SET_PDEATHSIG = 1  # from Linux' prctl.h
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # SIGHUP: the terminal was closed


class Interrupts:
    """Whether the process is ending; from then on, signals to end it say nothing new."""

    def __init__(self) -> None:
        self.is_ending = self.was_signalled = False

    def end(self) -> None:
        self.is_ending = True

    def handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.was_signalled = True
        if not self.is_ending:
            self.is_ending = True
            raise KeyboardInterrupt


@contextlib.contextmanager
def interrupt_once(*numbers: signal.Signals) -> Iterator[Interrupts]:
    """The first of these signals raises KeyboardInterrupt, further ones do nothing.

    A second one would cut off what is still being answered. All that end a program by default;
    one that was ignored before, as under `nohup`, stays so. A process that was told to end hears
    none of them any more.
    """
    interrupts = Interrupts()
    before = {number: signal.getsignal(number) for number in numbers or _ENDING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, interrupts.handle)
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if interrupts.was_signalled else handler)


def continue_when_parent_ends() -> None:
    """A stopped process (SIGSTOP) would not notice that its parent has gone, and hold the port.

    The signal does nothing to a process that runs. It also comes when only the thread ends that
    started this process, which is why it is none that ends anything.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)
