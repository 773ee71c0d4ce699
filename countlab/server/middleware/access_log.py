"""Watches each request from outside: gives it a name, takes its time, writes its line.

The name is the client's own `X-Request-Id` where that is a plain word, and goes back with the
answer, so that a person can find their request in the logs and in the history.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countlab.server.metrics import Metrics

_PLAIN = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_LEFT = 499  # nginx's number for a client that went away before its answer


class AccessLog:
    """The outermost layer, so that refusals are seen as well. `log` may be None: no lines."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, log: Any = None) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = _name_of(scope)
        scope.setdefault("state", {})["request_id"] = name
        status, start = _LEFT, time.perf_counter()

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", name.encode())]
            await send(message)

        self._metrics.arrived()
        try:
            await self._app(scope, receive, send_named)
        except Exception:
            status = 500
            raise
        finally:
            self._finished(scope, status, time.perf_counter() - start)

    def _finished(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        # The route as it is written, never the address: that may hold anything, keys included.
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.answered(method, route, status, seconds)
        if self._log is not None:
            with contextlib.suppress(OSError):  # a full disk takes the line, not the connection
                self._log.info(
                    "request",
                    id=scope["state"]["request_id"],
                    method=method,
                    route=route,
                    status=status,
                    ms=round(seconds * 1000, 1),
                    key=scope["state"].get("key_name"),
                )


def _name_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _PLAIN.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)
