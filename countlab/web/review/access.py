"""Who may use the review page: whoever has the address with its key, as printed in the terminal."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "countlab_review"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]


class Access:
    """The key arrives once in the address and stays as a cookie; it also guards every answer.

    A page of another origin has neither: its requests carry no cookie, and answers need a header
    that it may not set.
    """

    def __init__(self, app: ASGIApp, *, key: str) -> None:
        self._app, self._key = app, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if self._is_key(request.query_params.get("key", "")) and request.method == "GET":
            rest = [(n, v) for n, v in request.query_params.multi_items() if n != "key"]
            response = RedirectResponse(_without_key(request.url, rest), 303)
            name = self._cookie(request)
            response.set_cookie(name, self._key, httponly=True, samesite="strict")
            await response(scope, receive, _with_headers(send))
        elif not self._is_key(request.cookies.get(self._cookie(request), "")):
            text = "Open the address that `countlab review` has printed, with its key.\n"
            await PlainTextResponse(text, 403)(scope, receive, _with_headers(send))
        elif request.method == "POST" and request.headers.get("x-review") != "1":
            await PlainTextResponse("no answer of this page\n", 403)(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _is_key(self, arrived: str) -> bool:
        return secrets.compare_digest(arrived.encode(), self._key.encode())

    def _cookie(self, request: Request) -> str:
        """By port: two reviews on one machine share its cookies."""
        return f"{COOKIE}_{request.url.port or 80}"


def _without_key(url: URL, rest: list[tuple[str, str]]) -> str:
    return url.path + (f"?{urlencode(rest)}" if rest else "")


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", ()) if pair[0] != b"cache-control"]
            message["headers"] = [*kept, *_HEADERS]
        await send(message)

    return send_with_headers
