"""A server in the foreground of a terminal: it serves until Ctrl-C, and that is no error.

Knows nothing of what is served.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator

from fastapi import FastAPI

from countlab.errors import CountlabError
from countlab.notebook import Server, serve


@contextlib.contextmanager
def serving(app: FastAPI, *, host: str = "127.0.0.1", port: int = 8000) -> Iterator[Server]:
    """A running server for the block; Ctrl-C or a polite kill ends the block without an error."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server = _start(app, host, port)
        try:
            with contextlib.suppress(KeyboardInterrupt), _ctrl_c_for_us_alone():
                yield server
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C would cut answers off
            server.stop()
            signal.signal(signal.SIGINT, signal.default_int_handler)
    finally:
        signal.signal(signal.SIGTERM, before)


def wait_for_interrupt() -> None:
    while True:
        time.sleep(1)  # in short pieces: Windows notices Ctrl-C only between two of them


def _start(app: FastAPI, host: str, port: int) -> Server:
    try:
        return serve(app, port, host)
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
