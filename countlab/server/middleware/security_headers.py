"""What every answer tells a browser not to do with it, also the answers to errors.

The answers of the API are data: nothing in them may run, load anything or be framed. The two
pages may use what comes from this server, and be framed by this server only. Their scripts
stand partly in the pages themselves, hence 'unsafe-inline'; no client's text is in either page.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.server.middleware.auth import is_page
from countlab.server.problems import refuse

Headers = list[tuple[bytes, bytes]]

_OWN = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
_ENDS = "; base-uri 'self'; form-action 'self'; object-src 'none'; frame-ancestors 'self'"
_DOCS = _OWN + "script-src 'self' 'unsafe-inline'" + _ENDS
_PAGE = (
    _OWN + "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; "
    "media-src 'self' data: blob:; font-src 'self' data:" + _ENDS
)
_DATA = "default-src 'none'; frame-ancestors 'none'"


def _headers(policy: str, framing: str) -> Headers:
    return [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"x-frame-options", framing.encode()),
        (b"content-security-policy", policy.encode()),
    ]


_FOR_DATA = _headers(_DATA, "DENY")
_FOR_DOCS = _headers(_DOCS, "SAMEORIGIN")
_FOR_PAGE = _headers(_PAGE, "SAMEORIGIN")


class SecurityHeaders:
    """Before all that answers, so that nothing leaves without them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, started = headers_for(scope["path"]), False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except Exception:
            if not started:
                await refuse(CountlabError("internal"), scope, receive, with_headers)
            raise  # uvicorn writes the traceback where the operator reads it


def headers_for(path: str) -> Headers:
    if path.startswith("/docs"):
        return _FOR_DOCS
    return _FOR_PAGE if is_page(path) else _FOR_DATA
