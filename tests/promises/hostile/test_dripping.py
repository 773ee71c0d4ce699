"""Clients that drip: each way to send a byte now and then is cut off, and holds no place."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.promises.hostile.conftest import ServerProcess, start_server
from tests.promises.hostile.raw import FORM, PICTURE, exchange, get, head, part, post
from tests.promises.hostile.test_fair_waiting import COUNT

_EVERY_S = 0.5
_GONE_WITHIN_S = 25.0  # ten for a head, ten for a body to get going, and a moment to read the rest
KEPT_ALIVE = get("/health").replace(b"Connection: close\r\n", b"")
BODY = head("POST", "/countObjects", f"Content-Type: {FORM}", "Content-Length: 9000000")
CHUNKED = head("POST", "/countObjects", f"Content-Type: {FORM}", "Transfer-Encoding: chunked")


@dataclass(frozen=True)
class Drip:
    """What is sent at once, and what is sent again and again after it."""

    name: str
    first: bytes
    again: bytes
    connections: int = 4
    opened: list[socket.socket] = field(default_factory=list, compare=False)


DRIPS = [
    Drip("nothing at all", b"", b""),
    Drip("empty lines before a request", b"", b"\r\n"),
    Drip("a method letter by letter", b"", b"A"),
    Drip("a path letter by letter", b"GET /", b"a"),
    Drip("a header's name", b"GET /health HTTP/1.1\r\n", b"a"),
    Drip("a header's value", b"GET /health HTTP/1.1\r\nHost: ", b"a"),
    Drip("header after header", b"GET /health HTTP/1.1\r\nHost: x\r\n", b"A: b\r\n"),
    Drip("a second request's head", KEPT_ALIVE + b"GET /health HTTP/1.1\r\n", b"A: b\r\n"),
    Drip("empty lines between requests", KEPT_ALIVE, b"\r\n"),
    Drip("a body", BODY, b"-"),
    Drip("a body after a part of it", BODY + part()[:-9] + bytes(90_000), b"-"),
    Drip("chunks of one byte", CHUNKED, b"1\r\n-\r\n"),
    Drip("a chunk's size", CHUNKED, b"0"),
    Drip("a chunk's extension", CHUNKED + b"1;", b"a"),
    Drip("trailers", CHUNKED + b"1\r\n-\r\n0\r\n", b"A: b\r\n"),
    Drip("a body that was refused for its length", BODY.replace(b"9000000", b"99000000"), b"-"),
    Drip("the body of a GET", get("/models", "Content-Length: 90000"), b"-"),
    Drip("the chunks of a GET", get("/models", "Transfer-Encoding: chunked"), b"1\r\n-\r\n"),
    Drip("a body to no page", BODY.replace(b"/countObjects", b"/none"), b"-"),
    Drip("a body that waits to be asked for",
         BODY.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"), b""),
    Drip("the body of an upgrade",
         BODY.replace(b"\r\n\r\n", b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), b"-"),
    Drip("a head behind a count", post("/countObjects", PICTURE, FORM).replace(
        b"Connection: close\r\n", b"") + b"GET / HTTP/1.1\r\n", b"A: b\r\n"),
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with start_server(tmp_path_factory.mktemp("drip"), COUNTLAB_QUEUE="4") as server:
        assert exchange(server.port, COUNT).status == 200
        yield server


@pytest.mark.slow
def test_who_drips_is_cut_off_and_holds_no_place(server: ServerProcess) -> None:
    with contextlib.ExitStack() as stack:
        for drip in DRIPS:
            for _ in range(drip.connections):
                connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
                drip.opened.append(stack.enter_context(connection))
                connection.sendall(drip.first)
        start, counts = time.monotonic(), 0
        left = {connection: drip.name for drip in DRIPS for connection in drip.opened}
        again = {connection: drip.again for drip in DRIPS for connection in drip.opened}
        while left and time.monotonic() - start < _GONE_WITHIN_S:
            left = {each: name for each, name in left.items() if not _is_closed(each, again[each])}
            assert exchange(server.port, COUNT, timeout_s=10).status == 200
            counts += 1
            time.sleep(_EVERY_S)
    assert sorted(set(left.values())) == []
    assert counts > 5
    assert exchange(server.port, get("/health/ready")).status == 200


def _is_closed(connection: socket.socket, again: bytes) -> bool:
    """After one drip more."""
    try:
        while select.select([connection], [], [], 0)[0]:
            if not connection.recv(65_536):
                return True
        connection.sendall(again)
    except OSError:
        return True
    return False
