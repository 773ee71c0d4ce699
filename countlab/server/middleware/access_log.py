"""Request ids, request metrics and the access log.

The request id is the client's own `X-Request-Id` where that is a plain word, otherwise a random
one. It goes back with the response, so that a request can be found in the logs and the history.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countlab.server.metrics import Metrics

_PLAIN_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_CLIENT_CLOSED = 499  # nginx's status for a client that disconnected before its response


class AccessLog:
    """The outermost layer, so that refusals are recorded too. `log=None` writes no lines."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, log: Any = None) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status, start = _CLIENT_CLOSED, time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        self._metrics.request_started()
        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            status = 500
            raise
        finally:
            self._record(scope, status, time.perf_counter() - start)

    def _record(self, scope: Scope, status: int, duration_s: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        # The route's template, never the requested path: that may hold anything, keys included.
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.request_finished(method, route, status, duration_s)
        if self._log is not None:
            with contextlib.suppress(OSError):  # a full disk loses the line, not the connection
                self._log.info(
                    "request",
                    id=scope["state"]["request_id"],
                    method=method,
                    route=route,
                    status=status,
                    ms=round(duration_s * 1000, 1),
                    key=scope["state"].get("key_name"),
                )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _PLAIN_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)
