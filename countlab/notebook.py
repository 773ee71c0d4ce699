"""Helpers for notebooks: a server in a background thread, and pictures in a cell's output.

Knows nothing of models or counting; the app is made elsewhere.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import APIRoute
from IPython.display import HTML

from countlab.serving.server_thread import Server, listen, startup_message

__all__ = ["Server", "serve", "show", "side_by_side"]

_servers: dict[int, Server] = {}  # by port: a cell that is run again replaces its server


def serve(app: FastAPI, port: int = 8000, host: str = "127.0.0.1") -> Server:
    """Serves the app in a thread; called again for the same port, it replaces that server."""
    if port in _servers:
        _servers[port].stop()
    _keep_latest_routes(app)
    server = Server(app, listen(host, port), host)
    _servers[server.port] = server
    print(startup_message(server.url))
    return server


def _keep_latest_routes(app: FastAPI) -> None:
    """A cell that is run again adds its route again, and FastAPI would call the oldest."""
    latest = {
        _route_key(route): route for route in app.router.routes if isinstance(route, APIRoute)
    }
    app.router.routes[:] = [
        route
        for route in app.router.routes
        if not isinstance(route, APIRoute) or latest[_route_key(route)] is route
    ]
    app.openapi_schema = None  # cached by FastAPI: /docs would not show the new routes


def _route_key(route: APIRoute) -> tuple[str, frozenset[str]]:
    return route.path, frozenset(route.methods or ())


def show(picture: bytes | str | Path, title: str = "") -> HTML:
    """One picture, from its bytes or its file, as the value of a cell."""
    return side_by_side([picture], [title], width=560)


def side_by_side(
    pictures: Sequence[bytes | str | Path], titles: Sequence[str], width: int = 260
) -> HTML:
    """Pictures in a row that wraps at the page's width, each under its title."""
    figures = [
        f'<figure style="margin:0"><figcaption style="padding:4px 0">{title}</figcaption>'
        f'<img src="{_data_url(picture)}" alt="{title}" width="{width}"></figure>'
        for picture, title in zip(pictures, map(html.escape, titles), strict=True)
    ]
    row = f'<div style="display:flex;flex-wrap:wrap;gap:12px">{"".join(figures)}</div>'
    return HTML(row)  # type: ignore[no-untyped-call]


def _data_url(picture: bytes | str | Path) -> str:
    data = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
    # Browsers detect the format from the content: the media type need not match.
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
