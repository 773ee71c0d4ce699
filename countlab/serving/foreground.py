"""Server in the foreground of a terminal, ended by Ctrl-C or SIGTERM."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from countlab.errors import CountlabError
from countlab.serving.interrupts import interrupt_once
from countlab.serving.server_thread import (
    GRACEFUL_SHUTDOWN_S,
    HISTORY_FLUSH_S,
    exit_after,
    listen,
    startup_message,
)


class RunningServer(Protocol):
    """A `Server` or `Workers`."""

    url: str

    def stop(self) -> None: ...


ServerT = TypeVar("ServerT", bound=RunningServer)


@contextlib.contextmanager
def serve_in_foreground(
    start: Callable[[socket.socket], ServerT], *, host: str, port: int
) -> Iterator[ServerT]:
    """Runs the server that `start` makes during the block; Ctrl-C or SIGTERM ends it cleanly.

    Said once: a second signal does not cut off what is still being answered.
    """
    with interrupt_once() as interrupts:
        with contextlib.ExitStack() as close_on_failure:
            listening = close_on_failure.enter_context(_listen(host, port))
            running = start(listening)
            close_on_failure.pop_all()
        try:
            with contextlib.suppress(KeyboardInterrupt), _own_foreground_group():
                print(startup_message(running.url))
                yield running
        finally:
            interrupts.end()
            running.stop()


def wait_for_interrupt() -> None:
    """Waits until a signal interrupts it; the process then has 15 seconds to shut down."""
    try:
        while True:
            time.sleep(1)  # in short sleeps: Windows notices Ctrl-C only between them
    finally:
        exit_after(GRACEFUL_SHUTDOWN_S + HISTORY_FLUSH_S)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as reason:
        cause = str(reason.strerror).partition(" (")[0]
        raise CountlabError("cannot_listen", host=host, port=str(port), reason=cause) from reason


@contextlib.contextmanager
def _own_foreground_group() -> Iterator[None]:
    """Makes this process its own foreground process group for the block, as a shell does.

    Under `make run`, Ctrl-C would otherwise reach make too, which reports an error.
    """
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    terminal, group = sys.stdin.fileno(), os.getpgrp()
    if group == os.getpid() or os.tcgetpgrp(terminal) != group:
        yield  # the group is ours already, or it is not in the foreground
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(
        signal.SIGTSTP, signal.SIG_IGN
    )  # make would not notice that this process is stopped
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpid())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, group)
