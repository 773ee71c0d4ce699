"""Bodies that are refused while they are being sent: their senders read the answer, and those who
found no room cannot come back at once."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.promises.hostile.conftest import ServerProcess, start_server
from tests.promises.hostile.raw import FORM, head

MB = 1_000_000
BATCH = "/predict/batch"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with start_server(tmp_path_factory.mktemp("refused")) as server:
        yield server


def announced(size: int, *, closes: bool = False) -> bytes:
    text = head("POST", BATCH, f"Content-Type: {FORM}", f"Content-Length: {size}")
    return text if closes else text.replace(b"Connection: close\r\n", b"")


@contextlib.contextmanager
def memory_in_use(server: ServerProcess) -> Iterator[None]:
    """Two bodies of this address that are nearly complete, and go on arriving."""
    done = threading.Event()
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            for _ in range(2)
        ]

        def drip() -> None:
            while not done.wait(0.2):
                for connection in connections:
                    connection.sendall(b"-")

        for connection in connections:
            connection.sendall(announced(40 * MB) + bytes(38 * MB))
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            yield
        finally:
            done.set()
            dripping.join()


def refusal(port: int, request: bytes) -> tuple[int, str | None, float]:
    """Status, `Retry-After`, and how long all of the request took to be taken."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        sent_s = time.monotonic() - start
        response = http.client.HTTPResponse(connection)
        response.begin()
        response.read()
        return response.status, response.getheader("Retry-After"), sent_s


def test_body_without_room_is_refused_unread_and_taken_slowly(server: ServerProcess) -> None:
    request = announced(40 * MB) + bytes(40 * MB)
    with memory_in_use(server):
        status, retry_after, sent_s = refusal(server.port, request)
        first_bytes = announced(40 * MB)  # it is refused before a byte of it is here
        unsent = refusal(server.port, first_bytes)
    assert (status, retry_after) == (503, "2")
    assert 0.4 < sent_s < 3
    assert unsent[0] == 503
    assert unsent[2] < 1


def test_all_bodies_without_room_together_are_taken_slowly(server: ServerProcess) -> None:
    request = announced(16 * MB) + bytes(16 * MB)
    with memory_in_use(server), ThreadPoolExecutor(4) as pool:
        start = time.monotonic()
        refusals = list(pool.map(refusal, [server.port] * 4, [request] * 4))
        together_s = time.monotonic() - start
    assert {status for status, _, _ in refusals} == {503}
    assert together_s > 0.8


@pytest.mark.parametrize("closes", [False, True])
def test_senders_of_too_long_bodies_read_their_answer(server: ServerProcess, closes: bool) -> None:
    """Not a reset, however many there are, and without waiting."""
    request = announced(60 * MB, closes=closes) + bytes(60 * MB)
    with ThreadPoolExecutor(4) as pool:
        start = time.monotonic()
        refusals = list(pool.map(refusal, [server.port] * 12, [request] * 12))
        took_s = time.monotonic() - start
    assert {status for status, _, _ in refusals} == {413}
    assert took_s < 12


def test_connection_goes_on_after_a_refused_body(server: ServerProcess) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("POST", BATCH, bytes(50 * MB), {"Content-Type": FORM})
        response = connection.getresponse()
        assert response.status == 413
        response.read()
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_response_on_a_connection_that_ends_says_so(server: ServerProcess, version: str) -> None:
    """Or its client sends the next request on it, and hears nothing."""
    request = f"GET /health HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.getheader("Connection") == "close"
        response.read()
        assert connection.recv(1) == b""
