"""The door: who asks, how often, and whether they may; decided before a byte of the body is read.

Leaves the name of the key that was used in `request.state.key_name`, None where there is none.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator

from starlette.types import ASGIApp, Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.server.middleware.api_keys import ApiKeys
from countlab.server.middleware.rate_limit import RateLimiter
from countlab.server.problems import refuse

PAGE = "/ui"
"""The page for people lives below it: files alone, which are open, as nothing is counted there.
What it asks of the API it asks with the key that a person typed into it."""
_OPEN = frozenset(
    ["/", "/health", "/health/ready", "/docs", "/docs/oauth2-redirect", "/openapi.json", PAGE]
)
_OPEN_BELOW = ("/static-offline-docs/", f"{PAGE}/")
_READS = ("GET", "HEAD")
_MOST_OFFERED = 2  # X-API-Key and Authorization


class Auth:
    def __init__(self, app: ASGIApp, *, api_keys: ApiKeys, rates: RateLimiter | None) -> None:
        self._app = app
        self._keyring = api_keys
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["key_name"] = None
        if not (is_open(scope["path"]) and scope["method"] in _READS):
            offered = list(_offered(scope))[:_MOST_OFFERED] if self._keyring else []
            state["key_name"] = self._keyring.name_of(offered)
            refusal = self._too_often(scope) or self._not_let_in(scope, bool(offered))
            if refusal:
                await refuse(refusal, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _too_often(self, scope: Scope) -> CountlabError | None:
        """Before the key is judged: those who try keys out are counted by their address."""
        if self._rates is None:
            return None
        wait_s = self._rates.wait_s(scope["state"]["key_name"] or _neighbourhood(scope))
        if not wait_s:
            return None
        return CountlabError(
            "too_often", **self._rates.rate._asdict(), retry_after_s=math.ceil(wait_s)
        )

    def _not_let_in(self, scope: Scope, offered: bool) -> CountlabError | None:
        if not self._keyring or scope["state"]["key_name"] is not None:
            return None
        return CountlabError("wrong_key") if offered else CountlabError("no_key")


def is_page(path: str) -> bool:
    return path == PAGE or path.startswith(PAGE + "/")


def is_open(path: str) -> bool:
    return path in _OPEN or path.startswith(_OPEN_BELOW)


def _offered(scope: Scope) -> Iterator[bytes]:
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            yield value.strip()
        elif name == b"authorization":
            scheme, _, rest = value.strip().partition(b" ")
            if not rest:
                yield scheme
            elif scheme.lower() == b"bearer":
                yield rest.strip()


def _neighbourhood(scope: Scope) -> str:
    """A household has one IPv4 address, but as many IPv6 addresses as it likes in its /64."""
    address = (scope.get("client") or ("?", 0))[0]
    if ":" not in address:
        return str(address)
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return str(address)
