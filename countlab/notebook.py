"""What the two notebooks use: a server that leaves the notebook usable, and pictures in a cell.

Knows nothing of models or counting; the app it serves is made elsewhere.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import html
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.routing import APIRoute
from IPython.display import HTML

from countlab.errors import CountlabError
from countlab.wire import Wire

_LAST_ANSWERS_S = 3  # how long a stopping server waits for answers that are under way
_started: dict[int, Server] = {}  # by port: running a cell again must find the server it started


def serve(app: FastAPI, port: int = 8000, host: str = "127.0.0.1") -> Server:
    """Serves the app beside the notebook; called again, it takes the place of the last server."""
    if port in _started:
        _started[port].stop()
    _use_latest_cells(app)
    server = Server(app, _bind(host, port), host)
    _started[server.port] = server
    print(f"Serving at {server.url} · try it in the browser: {server.url}/docs")
    return server


class Server:
    """One app on one port, in a thread of its own, until `stop()` or the end of the kernel."""

    def __init__(self, app: FastAPI, listening: socket.socket, host: str) -> None:
        self.port: int = listening.getsockname()[1]
        self.url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.port}"
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                app,
                http=Wire,
                ws="none",
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=_LAST_ANSWERS_S,
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
        loop = asyncio.SelectorEventLoop()
        try:
            with listening:
                loop.run_until_complete(self._uvicorn.serve(sockets=[listening]))
        except SystemExit:
            pass  # uvicorn's way to say that the app did not start; it has printed why
        finally:
            loop.close()


def _bind(host: str, port: int) -> socket.socket:
    """A socket on the port, asked for here so that a taken port is known before the start."""
    try:
        return socket.create_server((host, port))
    except OSError as reason:
        if reason.errno != errno.EADDRINUSE:
            raise
    with socket.create_server((host, 0)) as free:
        other = free.getsockname()[1]
    raise CountlabError("port_taken", host=host, port=str(port), other=str(other))


def _use_latest_cells(app: FastAPI) -> None:
    """A cell run again adds its endpoint again, and FastAPI would answer with the oldest."""
    latest = {_address(route): route for route in app.router.routes if isinstance(route, APIRoute)}
    app.router.routes[:] = [
        route
        for route in app.router.routes
        if not isinstance(route, APIRoute) or latest[_address(route)] is route
    ]
    app.openapi_schema = None  # /docs is drawn from it, and would not know the new endpoints


def _address(route: APIRoute) -> tuple[str, frozenset[str]]:
    return route.path, frozenset(route.methods or ())


def show(picture: bytes | str | Path, title: str = "") -> HTML:
    """One picture, from its bytes or its file, as the last line of a cell."""
    return side_by_side([picture], [title], width=560)


def side_by_side(
    pictures: Sequence[bytes | str | Path], titles: Sequence[str], width: int = 260
) -> HTML:
    """Pictures in a row that breaks where the page ends, each under its title."""
    figures = [
        f'<figure style="margin:0"><figcaption style="padding:4px 0">{html.escape(title)}'
        f'</figcaption><img src="{_source(picture)}" width="{width}"></figure>'
        for picture, title in zip(pictures, titles, strict=True)
    ]
    row = f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(figures)}</div>'
    return HTML(row)  # type: ignore[no-untyped-call]


def _source(picture: bytes | str | Path) -> str:
    data = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
    # Browsers look at the content; the type written here need only be that of some picture.
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
