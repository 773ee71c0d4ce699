"""A server that records what a client asks, and passes it on to another server.

It runs outside the sandbox and listens inside one: the client's notebook reaches it as if it were
the student's own server. What it writes down is evidence; what the notebook prints is not.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as WebRoute

from countlab.grading.judging.server_response import Answer
from countlab.serving.server_thread import Server

_MOST_BYTES = 20_000_000
_MOST_REQUESTS = 400
_MOST_KEPT_BYTES = 200_000_000
_AT_ONCE = 8  # so many bodies are held at the same time
_OWN_HEADERS = ("content-type", "accept", "accept-language")


@dataclass(frozen=True)
class RecordedRequest:
    """One request of the client, and how it was answered."""

    method: str
    path: str
    parameters: Mapping[str, str]
    picture: bytes | None
    status: int
    answer: Answer = field(repr=False, default_factory=lambda: Answer(0))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.picture or b"").hexdigest()


Upstream = Callable[[str, str, Mapping[str, str], bytes, Mapping[str, str], bytes | None], Answer]
"""(method, path, query, body, headers, picture) -> what to answer."""


class Recorder:
    """Serves the listening sockets until it is stopped; `requests` grows meanwhile."""

    def __init__(self, upstream: Upstream, listening: list[socket.socket]) -> None:
        self.requests: list[RecordedRequest] = []
        self._upstream = upstream
        self._writing, self._kept_bytes = threading.Lock(), 0
        self._places = asyncio.Semaphore(_AT_ONCE)
        methods = ["GET", "POST", "PUT", "HEAD", "DELETE"]
        app: Any = Starlette(routes=[WebRoute("/{path:path}", self._take, methods=methods)])
        self._servers = [Server(app, each, "127.0.0.1") for each in listening]

    def stop(self) -> None:
        for server in self._servers:
            server.stop()

    async def _take(self, request: Request) -> Response:
        async with self._places:
            body = b""
            async for piece in request.stream():
                body += piece
                if len(body) > _MOST_BYTES:
                    return Response("too large", 413)
            picture, form = await _form(request, body)
            headers = {
                name: request.headers[name] for name in _OWN_HEADERS if name in request.headers
            }
            method, path, query = request.method, request.url.path, dict(request.query_params)
            answer = await asyncio.to_thread(
                self._upstream, method, path, query, body, headers, picture
            )
        self._keep(RecordedRequest(method, path, {**form, **query}, picture, answer.status, answer))
        kept = {
            name: value
            for name, value in answer.headers.items()
            if name.lower() == "content-type" or name.lower().startswith("x-")
        }
        return Response(answer.body, answer.status or 502, kept)

    def _keep(self, request: RecordedRequest) -> None:
        """As much as fits; what a client asks without end is not all written down."""
        with self._writing:
            self._kept_bytes += len(request.picture or b"") + len(request.answer.body)
            if len(self.requests) < _MOST_REQUESTS and self._kept_bytes < _MOST_KEPT_BYTES:
                self.requests.append(request)


async def _form(request: Request, body: bytes) -> tuple[bytes | None, dict[str, str]]:
    """The first file of a form and its other fields; a form that cannot be read has neither."""
    if "multipart/form-data" not in request.headers.get("content-type", ""):
        return None, {}

    async def again() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    picture, fields = None, {}
    try:
        async with Request(request.scope, again).form(max_files=4, max_fields=40) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    picture = picture if picture is not None else await value.read()
                else:
                    fields[name] = value[:200]
    except Exception:
        return None, {}
    return picture, fields
