"""Helpers for notebooks: a server in a background thread, and pictures in a cell's output.

Knows nothing of models or counting; the app is made elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
from fastapi import FastAPI
from fastapi.routing import APIRoute
from IPython.display import HTML

from countlab.errors import CountlabError
from countlab.serving.server_thread import Server, listen, startup_message
from countlab.settings import notebook_name

__all__ = ["Server", "find_server", "serve", "show", "side_by_side"]

_FIRST_PORT, _PORTS = 8000, 20
_servers: dict[int, Server] = {}  # by port: a cell that is run again replaces its server


def serve(app: FastAPI, port: int = _FIRST_PORT, host: str = "127.0.0.1") -> Server:
    """Serves the app in a thread; called again for the same port, it replaces that server."""
    if port in _servers:
        _servers[port].stop()
    _keep_latest_routes(app)
    app.state.notebook = {"name": notebook_name(), "folder": _folder_mark()}
    try:
        listening = listen(host, port)
    except CountlabError as error:
        if error.code != "port_taken":
            raise
        owner = CountlabError(_owner(port), **_health(port).get("notebook", {}))
        raise CountlabError("port_taken_by", owner=owner, **error.facts) from None
    server = Server(app, listening, host)
    _servers[server.port] = server
    print(startup_message(server.url))
    return server


def find_server(first_port: int = _FIRST_PORT) -> str:
    """The address of the server that a notebook of this folder runs; never another's."""
    others = []
    for port in range(first_port, first_port + _PORTS):
        health = _health(port)
        if health.get("notebook", {}).get("folder") == _folder_mark():
            return f"http://127.0.0.1:{port}"
        if health:
            others.append(str(port))
    raise CountlabError("no_notebook_server", others=others or ["–"])


def _owner(port: int) -> str:
    """Who listens on a port, as the code of a sentence."""
    health = _health(port)
    if "notebook" in health:
        same = health["notebook"].get("folder") == _folder_mark()
        return "owner_same_folder" if same else "owner_notebook"
    return "owner_countlab" if health else "owner_unknown"


def _health(port: int) -> dict[str, Any]:
    """What a countlab server on this port says of itself; empty for anything else."""
    session = requests.Session()
    session.trust_env = False  # a proxy cannot reach this machine's loopback
    try:
        answer = session.get(f"http://127.0.0.1:{port}/health", timeout=2).json()
    except (requests.RequestException, ValueError):
        return {}
    known = isinstance(answer, dict) and answer.get("status") == "ok" and "engine" in answer
    return dict(answer) if known else {}


def _folder_mark() -> str:
    """Tells folders apart without showing their paths to whoever asks the server."""
    return hashlib.sha256(str(Path.cwd()).encode()).hexdigest()[:12]


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
