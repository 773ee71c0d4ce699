"""HTTP to a server inside a sandbox, over a socket that was made in there.

What a student's server answers is bounded in size and time, and its redirects are not followed.
"""

from __future__ import annotations

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from countlab.grading.judging.server_response import Asker
from countlab.grading.sandbox.sandbox import Sandbox, SandboxEnded


class Tunnel(Asker):
    """Asks one port inside one sandbox."""

    def __init__(self, box: Sandbox, port: int, *, timeout_s: float = 30) -> None:
        super().__init__(f"http://127.0.0.1:{port}", timeout_s=timeout_s)
        self.port = port
        self._session.mount("http://", _TunnelAdapter(box, port))


class _TunnelAdapter(HTTPAdapter):
    def __init__(self, box: Sandbox, port: int) -> None:
        super().__init__()
        self._pool = _Pool("127.0.0.1", port, maxsize=32)
        self._pool.box = box

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> Any:
        return self._pool


class _Connection(HTTPConnection):
    box: Sandbox

    def _new_conn(self) -> socket.socket:
        try:
            connected = self.box.connect(self.port or 80)
        except SandboxEnded as reason:
            raise ConnectionError(str(reason)) from reason
        connected.settimeout(self.timeout if isinstance(self.timeout, (int, float)) else 20)
        return connected


class _Pool(HTTPConnectionPool):
    box: Sandbox
    ConnectionCls = _Connection

    def _new_conn(self) -> Any:
        connection = super()._new_conn()
        connection.box = self.box  # type: ignore[attr-defined]
        return connection
