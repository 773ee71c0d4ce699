"""Requests as bytes, sent over a plain socket, and what came back."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from dataclasses import dataclass

from tests.promises.hostile import pictures


@dataclass(frozen=True)
class Received:
    """`status` 0 means that the server closed the connection without an answer."""

    status: int
    code: str | None
    body: bytes
    seconds: float


def exchange(port: int, request: bytes, *, timeout_s: float = 70) -> Received:
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
        # Refused while it is being sent: the answer may be there all the same.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        try:
            method = request.split(b" ")[0].decode()
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            body = response.read()
        except (http.client.HTTPException, ConnectionError, UnicodeDecodeError):
            return Received(0, None, b"", time.monotonic() - start)
    return Received(response.status, _code(body), body, time.monotonic() - start)


def _code(body: bytes) -> str | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    code = content.get("code") if isinstance(content, dict) else None
    return str(code) if code else None


def get(path: str, *headers: str) -> bytes:
    return head("GET", path, *headers)


def head(method: str, path: str, *headers: str) -> bytes:
    names = {header.partition(":")[0].lower() for header in headers}
    host = [] if "host" in names else ["Host: 127.0.0.1"]
    lines = [f"{method} {path} HTTP/1.1", *host, "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def post(path: str, body: bytes, content_type: str, *headers: str) -> bytes:
    length = f"Content-Length: {len(body)}"
    return head("POST", path, f"Content-Type: {content_type}", length, *headers) + body


def part(
    content: bytes = pictures.PNG, name: str = "file", filename: str | None = "x.png"
) -> bytes:
    file = "" if filename is None else f'; filename="{filename}"'
    disposition = f'Content-Disposition: form-data; name="{name}"{file}'
    return (
        b"--x\r\n" + disposition.encode("utf-8", "surrogatepass") + b"\r\n\r\n" + content + b"\r\n"
    )


FORM = "multipart/form-data; boundary=x"
PICTURE = part() + b"--x--\r\n"
