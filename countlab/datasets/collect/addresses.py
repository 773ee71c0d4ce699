"""Which addresses may be asked: a shop's page must not lead into the collector's own network.

Every name is resolved once and asked at the address that was checked, so that a name cannot mean
something else between the check and the request.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from countlab.errors import CountlabError

Resolve = Callable[[str, int], "list[str]"]


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, as the system knows them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as reason:
        raise CountlabError("host_unknown", host=host) from reason
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class AddressGuard:
    """Public addresses may be asked, and those at which the shop itself stands."""

    def __init__(self, starts: Iterable[str], *, resolve: Resolve = resolve) -> None:
        self._resolve = resolve
        self._own = {ip for start in starts for ip in resolve(*host_and_port(start))}

    def check(self, address: str) -> str:
        """The IP address to ask; `private_address` where it lies in a network of one's own."""
        host, port = host_and_port(address)
        found = self._resolve(host, port)
        for ip in found:
            if ip not in self._own and not is_public(ip):
                raise CountlabError("private_address", address=address, ip=ip)
        return found[0]


def host_and_port(address: str) -> tuple[str, int]:
    """Of an http address; any other is refused."""
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as reason:
        raise CountlabError("not_web_address", address=address) from reason
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CountlabError("not_web_address", address=address)
    return parts.hostname, port


def is_public(ip: str) -> bool:
    """Neither of this machine nor of a private network, in whatever way it is written."""
    found = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or _nat64(found)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def _nat64(found: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    inside = found in ipaddress.ip_network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if inside else None
