"""What the two notebooks use: a server that leaves the notebook usable, and pictures in a cell.

Knows nothing of models or counting; the app it serves is made elsewhere.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute
from IPython.display import HTML

from countlab.serving.server_thread import Server, greeting, listen

__all__ = ["Server", "serve", "show", "side_by_side"]

_started: dict[int, Server] = {}  # by port: running a cell again must find the server it started


def serve(app: FastAPI, port: int = 8000, host: str = "127.0.0.1") -> Server:
    """Serves the app beside the notebook; called again, it takes the place of the last server."""
    if port in _started:
        _started[port].stop()
    _use_latest_cells(app)
    server = Server(app, listen(host, port), host)
    _started[server.port] = server
    print(greeting(server.url))
    return server


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
        f'<figure style="margin:0"><figcaption style="padding:4px 0">{title}</figcaption>'
        f'<img src="{_source(picture)}" alt="{title}" width="{width}"></figure>'
        for picture, title in zip(pictures, map(html.escape, titles), strict=True)
    ]
    row = f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(figures)}</div>'
    return HTML(row)  # type: ignore[no-untyped-call]


def _source(picture: bytes | str | Path) -> str:
    data = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
    # Browsers look at the content; the type written here need only be that of some picture.
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
