"""Security headers of every response, errors included.

Responses of the API are data: nothing in them may run, load anything or be framed. /docs and the
web page may use what comes from this server, and be framed by this server only. Their scripts are
partly inline, hence 'unsafe-inline'; neither contains text from a client.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.server.middleware.auth import is_page
from countlab.server.notebook_errors import endpoint_error
from countlab.server.problems import send_problem

Headers = list[tuple[bytes, bytes]]

_SAME_ORIGIN = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
_NO_EMBEDDING = "; base-uri 'self'; form-action 'self'; object-src 'none'; frame-ancestors 'self'"
_DOCS_POLICY = _SAME_ORIGIN + "script-src 'self' 'unsafe-inline'" + _NO_EMBEDDING
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:" + _NO_EMBEDDING
)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_FRONT_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def _headers(policy: str, frame_options: str) -> Headers:
    return [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"x-frame-options", frame_options.encode()),
        (b"content-security-policy", policy.encode()),
    ]


_DATA_HEADERS = _headers(_DATA_POLICY, "DENY")
_FRONT_PAGE_HEADERS = _headers(_FRONT_PAGE_POLICY, "DENY")
_DOCS_HEADERS = _headers(_DOCS_POLICY, "SAMEORIGIN")
_PAGE_HEADERS = _headers(_PAGE_POLICY, "SAMEORIGIN")


class SecurityHeaders:
    """Outside of everything that responds, so that no response lacks the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, response_started = headers_for(scope["path"]), False

        async def send_with_headers(message: Message) -> None:
            nonlocal response_started
            if message["type"] == "http.response.start":
                response_started = True
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if not response_started:
                in_notebook = getattr(scope["app"].state, "notebook", None) is not None
                problem = endpoint_error(error) if in_notebook else CountlabError("internal")
                await send_problem(problem, scope, receive, send_with_headers)
            raise  # uvicorn logs the traceback for the operator


def headers_for(path: str) -> Headers:
    if path.startswith("/docs"):
        return _DOCS_HEADERS
    if path == "/":
        return _FRONT_PAGE_HEADERS
    return _PAGE_HEADERS if is_page(path) else _DATA_HEADERS
