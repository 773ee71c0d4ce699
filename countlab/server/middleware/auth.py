"""Authentication and rate limits, decided by the headers before the body is read.

Leaves the name of the key in `request.state.key_name`, None where no key was used.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Iterator

from starlette.types import ASGIApp, Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.server.middleware.api_keys import ApiKeys
from countlab.server.middleware.rate_limit import RateLimiter
from countlab.server.problems import send_problem

PAGE = "/ui"
"""The web page. Its files are open to all; its requests to the API carry the key that the person
typed into it."""
_OPEN_PATHS = frozenset(
    [
        "/",
        "/favicon.ico",
        "/health",
        "/health/ready",
        "/docs",
        "/docs/oauth2-redirect",
        "/openapi.json",
        PAGE,
    ]
)
_OPEN_PREFIXES = ("/static-offline-docs/", f"{PAGE}/")
_READ_METHODS = ("GET", "HEAD")
_MAX_KEYS = 2  # per request: X-API-Key and Authorization


class Auth:
    """Without keys in the settings only the rate limit applies, without a rate only the keys."""

    def __init__(
        self, app: ASGIApp, *, api_keys: ApiKeys, rate_limiter: RateLimiter | None
    ) -> None:
        self._app = app
        self._api_keys = api_keys
        self._rate_limiter = rate_limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["key_name"] = None
        if scope["method"] not in _READ_METHODS or not _is_open_here(scope):
            keys = list(_keys_in_headers(scope))[:_MAX_KEYS] if self._api_keys else []
            state["key_name"] = self._api_keys.find_name(keys)
            error = self._rate_error(scope) or self._key_error(scope, has_key=bool(keys))
            if error:
                await send_problem(error, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _rate_error(self, scope: Scope) -> CountlabError | None:
        """Checked before the key, so that guesses of keys are limited by their address."""
        if self._rate_limiter is None:
            return None
        wait_s = self._rate_limiter.wait_s(client_of(scope))
        if not wait_s:
            return None
        rate = self._rate_limiter.rate
        return CountlabError(
            "too_often",
            number=rate.requests,
            seconds=rate.seconds,
            retry_after_s=math.ceil(wait_s),
        )

    def _key_error(self, scope: Scope, *, has_key: bool) -> CountlabError | None:
        if not self._api_keys or scope["state"]["key_name"] is not None:
            return None
        return CountlabError("wrong_key" if has_key else "no_key")


def client_of(scope: Scope) -> str:
    """Whom limits are for: the name of the key, or the network that the request comes from."""
    return str(scope.get("state", {}).get("key_name") or _client_network(scope))


def is_page(path: str) -> bool:
    return path == PAGE or path.startswith(PAGE + "/")


def is_open(path: str) -> bool:
    """Whether the path can be read without a key."""
    return path in _OPEN_PATHS or path.startswith(_OPEN_PREFIXES)


def _is_open_here(scope: Scope) -> bool:
    """A lab whose clients send their key with every request greets only those who have one."""
    lab_answer = getattr(scope["app"].state, "lab_answer", None)
    if lab_answer is not None and lab_answer.authorization == "plain" and scope["path"] == "/":
        return False
    return is_open(scope["path"])


def _keys_in_headers(scope: Scope) -> Iterator[bytes]:
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            yield value.strip()
        elif name == b"authorization":
            scheme, _, credentials = value.strip().partition(b" ")
            if not credentials:
                yield scheme
            elif scheme.lower() == b"bearer":
                yield credentials.strip()


def _client_network(scope: Scope) -> str:
    """The IPv4 address, or the /64 of an IPv6 address, which one household has to itself."""
    address = (scope.get("client") or ("?", 0))[0]
    if ":" not in address:
        return str(address)
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return str(address)
