"""Uvicorn server in a thread: one app on one port, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import faulthandler
import gc
import os
import socket
import sys
import threading
import time
from typing import NoReturn

import uvicorn
from fastapi import FastAPI

from countlab.errors import CountlabError
from countlab.messages import render
from countlab.serving.http_protocol import HttpProtocol
from countlab.settings import terminal_language

_NOTEBOOK_SHUTDOWN_S = 3  # in a notebook, a cell waits for the shutdown
GRACEFUL_SHUTDOWN_S = 10
"""How long a service that is shutting down may finish its running requests."""
HISTORY_FLUSH_S = 5
"""How long the history may then take to write its last rows."""


class Server:
    """A running server; it serves until `stop()` or the end of the process."""

    def __init__(
        self, app: FastAPI, listening: socket.socket, host: str, *, service: bool = False
    ) -> None:
        """A service gets more time to shut down, and logs as `system.logs` has configured it."""
        self.port: int = listening.getsockname()[1]
        self.url = server_url(listening, host)
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                app,
                http=HttpProtocol,
                ws="none",
                log_level="warning",
                log_config=None if service else uvicorn.config.LOGGING_CONFIG,
                server_header=False,
                proxy_headers=False,  # middleware/forwarded.py, by COUNTLAB_TRUSTED_PROXIES
                timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S if service else _NOTEBOOK_SHUTDOWN_S,
            )
        )
        self._thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self._thread.start()
        while not self._uvicorn.started:
            if not self._thread.is_alive():
                raise CountlabError("server_not_started", url=self.url)
            time.sleep(0.01)
        if service:
            # What is here by now stays: looking through it for garbage took a tenth of a second,
            # in which no request was answered.
            gc.collect()
            gc.freeze()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stops the server and frees the port; does nothing if it has stopped already."""
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
            pass  # uvicorn raises it when the app does not start, after printing why
        finally:
            loop.close()


def listen(host: str, port: int) -> socket.socket:
    """Opens the socket before the server starts, so that a taken port is reported early."""
    try:
        return socket.create_server((host, port), backlog=2048)
    except OSError as reason:
        if reason.errno != errno.EADDRINUSE:
            raise
    with socket.create_server((host, 0)) as free:
        other = free.getsockname()[1]
    raise CountlabError("port_taken", host=host, port=str(port), other=str(other))


def server_url(listening: socket.socket, host: str) -> str:
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{listening.getsockname()[1]}"


def startup_message(url: str) -> str:
    """In the terminal's language, as a notebook's is too."""
    return render("serving_at", terminal_language(), {"url": url}).detail


def exit_now() -> NoReturn:
    """Ends the process at once, without interpreter shutdown.

    OpenVINO's threads may still be starting while the interpreter shuts down, which crashed one
    time in six when a server was stopped within a second of its start.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def exit_after(seconds: float) -> None:
    """Ends the process at the latest after this time, even if threads are still running.

    A library that never gives the interpreter back would stop the timer too: a thread without
    Python then ends the process, and prints what kept it.
    """
    timer = threading.Timer(seconds, os._exit, [0])
    timer.daemon = True
    timer.start()
    with contextlib.suppress(ValueError, OSError, AttributeError):  # no standard error to write to
        faulthandler.dump_traceback_later(seconds + 1, exit=True)
