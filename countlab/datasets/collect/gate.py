"""The browser's only way out: a proxy on loopback that asks the guard before each connection.

Redirects, frames, scripts and sockets of a page all pass here, and each connection goes to the IP
address that was checked.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import socketserver
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from countlab.datasets.collect.addresses import AddressGuard, host_and_port
from countlab.errors import CountlabError

_MAX_HEAD = 65_536
_BLOCK = 65_536
_CONNECT_S, _SILENCE_S = 10.0, 60.0
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_NO_ANSWER = b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


@contextlib.contextmanager
def open_gate(guard: AddressGuard) -> Iterator[str]:
    """The proxy's address, while it stands."""
    server = _Server(("127.0.0.1", 0), _Connection)
    server.guard = guard
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    guard: AddressGuard


class _Connection(socketserver.BaseRequestHandler):
    request: socket.socket
    server: _Server

    def handle(self) -> None:
        self.request.settimeout(_SILENCE_S)
        with contextlib.suppress(OSError):
            head, rest = _read_head(self.request)
            method, target, *_ = [*head.split(b"\r\n")[0].decode("latin-1").split(" "), "", ""]
            try:
                with self._connected(method, target) as other:
                    if method == "CONNECT":
                        self.request.sendall(_OPEN)
                        other.sendall(rest)
                    else:
                        other.sendall(_origin_form(head, target) + rest)
                    _relay(self.request, other)
            except CountlabError:
                self.request.sendall(_REFUSED)
            except ConnectionRefusedError:
                self.request.sendall(_NO_ANSWER)

    def _connected(self, method: str, target: str) -> socket.socket:
        address = f"https://{target}" if method == "CONNECT" else target
        ip = self.server.guard.check(address)
        return socket.create_connection((ip, host_and_port(address)[1]), timeout=_CONNECT_S)


def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    found = b""
    while b"\r\n\r\n" not in found:
        block = client.recv(_BLOCK)
        if not block or len(found) > _MAX_HEAD:
            raise ConnectionAbortedError
        found += block
    head, _, rest = found.partition(b"\r\n\r\n")
    return head, rest


def _origin_form(head: bytes, target: str) -> bytes:
    """As a site expects it; one request a connection, since the next may be for another site."""
    first, *lines = head.split(b"\r\n")
    parts = urlsplit(target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [line for line in lines if not re.match(rb"(?i)(proxy-)?connection:", line)]
    start = b" ".join([first.split(b" ")[0], path.encode("latin-1"), b"HTTP/1.1"])
    return b"\r\n".join([start, *kept, b"Connection: close", b"", b""])


def _relay(left: socket.socket, right: socket.socket) -> None:
    """Bytes both ways until one side has closed, or nothing comes for a while."""
    other = {left: right, right: left}
    while True:
        ready, _, _ = select.select([left, right], [], [], _SILENCE_S)
        if not ready:
            return
        for side in ready:
            block = side.recv(_BLOCK)
            if not block:
                return
            other[side].sendall(block)
