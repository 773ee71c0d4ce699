"""What proxies say of a request: believed from those that the operator names, else removed.

`X-Forwarded-For` becomes the client's address, which limits are for, and `X-Forwarded-Proto` the
scheme. Everybody else may send these headers too: they would choose their own address, and the
addresses in pages that this server makes. A `Host` that is none is refused, for the same reason.
"""

from __future__ import annotations

import ipaddress
import re

from starlette.types import ASGIApp, Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.server.problems import send_problem

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_REMOVED = (b"forwarded", b"x-real-ip")
_REMOVED_PREFIXES = (b"x-forwarded-", b"x-gradio-")
_KEPT = {b"x-forwarded-host": _HOST, b"x-forwarded-proto": re.compile(rb"https?")}
"""What the page is told, if a named proxy says it and it is what its name says."""

Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


class ForwardedHeaders:
    """`trusted` holds addresses and networks, such as `127.0.0.1` or `10.0.0.0/8`."""

    def __init__(self, app: ASGIApp, *, trusted: tuple[str, ...]) -> None:
        self._app = app
        self._trusted: Networks = tuple(ipaddress.ip_network(entry) for entry in trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = {name: value for name, value in scope["headers"] if _is_forwarded(name)}
        kept = [(name, value) for name, value in scope["headers"] if not _is_forwarded(name)]
        if said and self._is_trusted((scope.get("client") or ("", 0))[0]):
            kept += self._believe(scope, said)
        scope["headers"] = kept
        hosts = [value for name, value in kept if name == b"host"]
        if any(not _HOST.fullmatch(host) for host in hosts if host) or len(hosts) > 1:
            scope["headers"] = [(name, value) for name, value in kept if name != b"host"]
            error = CountlabError("bad_request", reason="its Host header is not a host")
            await send_problem(error, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _believe(self, scope: Scope, said: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        """Sets the client and the scheme; returns the headers that stay."""
        addresses = said.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        for address in reversed([address.strip() for address in addresses]):
            if not _is_address(address):
                break
            scope["client"] = (address, 0)
            if not self._is_trusted(address):
                break  # what stands before it was said by a stranger
        firsts = {name: value.split(b",")[0].strip() for name, value in said.items()}
        proto = firsts.get(b"x-forwarded-proto", b"")
        if _KEPT[b"x-forwarded-proto"].fullmatch(proto):
            scope["scheme"] = proto.decode()
        return [
            (name, firsts[name])
            for name, allowed in _KEPT.items()
            if name in firsts and allowed.fullmatch(firsts[name])
        ]

    def _is_trusted(self, address: str) -> bool:
        if not self._trusted or not _is_address(address):
            return False
        found = ipaddress.ip_address(address)
        return any(found in network for network in self._trusted)


def _is_forwarded(name: bytes) -> bool:
    return name in _REMOVED or name.startswith(_REMOVED_PREFIXES)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
