"""A server in the foreground of a terminal: it serves until Ctrl-C, and that is no error.

Knows nothing of what is served.
"""

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
from countlab.serving.server_thread import (
    GRACEFUL_SHUTDOWN_S,
    HISTORY_FLUSH_S,
    exit_after,
    greeting,
    listen,
)


class Running(Protocol):
    url: str

    def stop(self) -> None: ...


R = TypeVar("R", bound=Running)


@contextlib.contextmanager
def serving(start: Callable[[socket.socket], R], *, host: str, port: int) -> Iterator[R]:
    """What `start` runs on a socket, for the block; Ctrl-C or a polite kill is no error."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with contextlib.ExitStack() as unless_started:
            listening = unless_started.enter_context(_listen(host, port))
            running = start(listening)
            unless_started.pop_all()
        print(greeting(running.url))
        try:
            with contextlib.suppress(KeyboardInterrupt), _ctrl_c_for_us_alone():
                yield running
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C would cut answers off
            running.stop()
            signal.signal(signal.SIGINT, signal.default_int_handler)
    finally:
        signal.signal(signal.SIGTERM, before)


def wait_for_interrupt() -> None:
    """Waits for ever; whoever is told to end has 15 seconds for it."""
    try:
        while True:
            time.sleep(1)  # in short pieces: Windows notices Ctrl-C only between two of them
    finally:
        exit_after(GRACEFUL_SHUTDOWN_S + HISTORY_FLUSH_S)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as reason:
        told = str(reason.strerror).partition(" (")[0]
        raise CountlabError("cannot_listen", host=host, port=str(port), reason=told) from reason


@contextlib.contextmanager
def _ctrl_c_for_us_alone() -> Iterator[None]:
    """Under `make run`, Ctrl-C reaches make too, which would call the clean end an error.

    So the terminal's foreground is borrowed for the block, as a shell does for its jobs.
    """
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield
        return
    terminal, group = sys.stdin.fileno(), os.getpgrp()
    if group == os.getpid() or os.tcgetpgrp(terminal) != group:
        yield  # nobody shares the terminal with us, or it is not ours to borrow
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # make would never hear that we are stopped
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpid())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, group)
