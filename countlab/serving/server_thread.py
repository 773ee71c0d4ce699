"""A server that runs: one app on one port, in a thread, until somebody stops it.

Knows nothing of what is served, nor of who waits for the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import os
import socket
import sys
import threading
import time
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

from countlab.errors import CountlabError
from countlab.serving.http_protocol import HttpProtocol

_NOTEBOOK_SHUTDOWN_S = 3  # beside a notebook, where a cell waits for it
GRACEFUL_SHUTDOWN_S = 10
"""How long a service that is told to end works on what is at work."""
HISTORY_FLUSH_S = 5
"""Then: how long the history may take to write its last rows."""
# From glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MB = 1 << 20


class Server:
    """Serves until `stop()` or the end of the process."""

    def __init__(
        self, app: FastAPI, listening: socket.socket, host: str, *, service: bool = False
    ) -> None:
        """A service, told to end, works on longer, and warns where `logs` says."""
        self.port: int = listening.getsockname()[1]
        self.url = url_of(listening, host)
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                app,
                http=HttpProtocol,
                ws="none",
                log_level="warning",
                log_config=None if service else uvicorn.config.LOGGING_CONFIG,
                server_header=False,
                timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S if service else _NOTEBOOK_SHUTDOWN_S,
            )
        )
        self._thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self._thread.start()
        while not self._uvicorn.started:
            if not self._thread.is_alive():
                raise CountlabError("server_not_started", url=self.url)
            time.sleep(0.01)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Frees the port; a server that has stopped already stays stopped."""
        self._uvicorn.should_exit = True
        self._thread.join()

    def __repr__(self) -> str:
        return f"<Server {self.url}, {'running' if self.running else 'stopped'}>"

    def _run(self, listening: socket.socket) -> None:
        # Not uvicorn's run(): nest_asyncio, once applied, breaks the asyncio.run behind it.
        loop = (self._uvicorn.config.get_loop_factory() or asyncio.new_event_loop)()
        try:
            with listening:
                loop.run_until_complete(self._uvicorn.serve(sockets=[listening]))
        except SystemExit:
            pass  # uvicorn's way to say that the app did not start; it has printed why
        finally:
            loop.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket on the port, asked for here so that a taken port is known before the start."""
    try:
        return socket.create_server((host, port), backlog=2048)
    except OSError as reason:
        if reason.errno != errno.EADDRINUSE:
            raise
    with socket.create_server((host, 0)) as free:
        other = free.getsockname()[1]
    raise CountlabError("port_taken", host=host, port=str(port), other=str(other))


def url_of(listening: socket.socket, host: str) -> str:
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{listening.getsockname()[1]}"


def greeting(url: str) -> str:
    return f"Serving at {url} · try it in the browser: {url}/docs"


def exit_now() -> NoReturn:
    """Ends a process whose work is done, at once.

    OpenVINO's own threads may still be on their way up when the interpreter is taken down under
    them, which crashes one time in six when a server is ended within a second of its start.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def exit_after(seconds: float) -> None:
    """Ends the process by then, whatever still runs: a thread cannot be stopped from outside."""
    alarm = threading.Timer(seconds, os._exit, [0])
    alarm.daemon = True
    alarm.start()


def limit_malloc_arenas() -> None:
    """To be called before the first thread starts.

    The C library gives each thread a heap of its own, and what one of them frees the others cannot
    use: with pictures passing through a dozen threads, memory crept up by a third. Two heaps
    stay flat (`make soak`), if they keep the pages of a picture for the next one: giving them
    back and taking them anew cost a millisecond each time.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # musl has no such choice
            heaps = ctypes.CDLL(None)
            heaps.mallopt(_M_ARENA_MAX, 2)
            heaps.mallopt(_M_MMAP_THRESHOLD, 32 * _MB)
            heaps.mallopt(_M_TRIM_THRESHOLD, 64 * _MB)
