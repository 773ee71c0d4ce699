"""httpx, imported without its command line, and how both clients are set up with it."""

from __future__ import annotations

import ssl
import sys
from typing import Any
from urllib.parse import urlsplit

# httpx's own command would load rich and pygments here, which takes as long as httpx itself.
_had_command_line = "httpx._main" in sys.modules
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx as httpx  # noqa: E402

if not _had_command_line:
    del sys.modules["httpx._main"]

CONNECT_TIMEOUT_S = 5.0
NO_ANSWER = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OverflowError)
"""Sockets raise the last two, for a host's name that is too long and a port that is too high."""
_MAX_REDIRECTS = 5
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class LazyTlsContext(ssl.SSLContext):
    """Verifies as usual, but reads the authorities' certificates at the first https connection.

    Reading them takes longer than a request to a server on this machine.
    """

    def __new__(cls) -> LazyTlsContext:
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self) -> None:
        self._certificates_read = False

    def wrap_socket(self, *arguments: Any, **options: Any) -> Any:
        self._read_certificates()
        return super().wrap_socket(*arguments, **options)

    def wrap_bio(self, *arguments: Any, **options: Any) -> Any:
        self._read_certificates()
        return super().wrap_bio(*arguments, **options)

    def _read_certificates(self) -> None:
        if not self._certificates_read:
            import certifi

            self.load_verify_locations(certifi.where())
            self.load_default_certs()  # this machine's own, and SSL_CERT_FILE
            self._certificates_read = True


def is_loopback(address: str) -> bool:
    return urlsplit(address).hostname in _LOOPBACK_HOSTS


def client_settings(base_url: str, *, timeout_s: float, headers: dict[str, str]) -> dict[str, Any]:
    """The keyword arguments of `httpx.Client` and `httpx.AsyncClient`."""
    return {
        "timeout": httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
        "headers": headers,
        "follow_redirects": True,
        "max_redirects": _MAX_REDIRECTS,
        "trust_env": not is_loopback(base_url),  # a proxy cannot reach this machine's loopback
        "verify": LazyTlsContext(),
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=32),
    }
