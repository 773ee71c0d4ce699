"""Malformed HTTP over a plain socket is refused or disconnected without delay."""

from __future__ import annotations

import contextlib
import json
import socket
import time

import pytest
import requests

from tests.promises.hostile import pictures
from tests.promises.hostile.conftest import ServerProcess

POST = b"POST /countObjects HTTP/1.1\r\nHost: x\r\n"
CHUNKED = (
    POST + b"Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
)
TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60)
LENGTH = POST + b"Content-Length: "
LONG = b"a" * 40_000
REQUESTS = {
    "no HTTP": (b"hello\r\n\r\n", 400, "not_http"),
    "TLS handshake": (TLS_HELLO, 400, "not_http"),
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n", 400, "not_http"),
    "two lengths": (LENGTH + b"1\r\nContent-Length: 2\r\n\r\nx", 400, "not_http"),
    "negative length": (LENGTH + b"-1\r\n\r\n", 400, "not_http"),
    "length of letters": (LENGTH + b"many\r\n\r\n", 400, "not_http"),
    "length of 31 digits": (LENGTH + b"1" + b"0" * 30 + b"\r\n\r\n", 400, "not_http"),
    "length and chunks": (
        LENGTH + b"9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "not_http",
    ),
    "invalid chunk size": (CHUNKED + b"xyz\r\n", 400, "not_http"),
    "header without colon": (POST + b"nonsense\r\n\r\n", 400, "not_http"),
    "folded header": (POST + b"X-A: a\r\n b\r\n\r\n", 400, "not_http"),
    "NUL in a header": (POST + b"X-A: a\0b\r\n\r\n", 400, "not_http"),
    "long path": (b"GET /" + LONG + b" HTTP/1.1\r\n\r\n", 431, "head_too_large"),
    "long header": (POST + b"X-A: " + LONG + b"\r\n\r\n", 431, "head_too_large"),
    "many headers": (POST + b"X-A: a\r\n" * 9_000 + b"\r\n", 431, "too_many_headers"),
    "endless header": (POST + b"X-A: " + b"a" * 300_000, 431, "head_too_large"),
    "length of 1 TB": (LENGTH + b"1000000000000\r\n\r\n", 413, "too_many_bytes"),
    "endless chunks": (
        CHUNKED + (b"f4240\r\n" + bytes(1_000_000) + b"\r\n") * 27,
        413,
        "too_many_bytes",
    ),
}  # fmt: skip


def send(server: ServerProcess, request: bytes) -> bytes:
    """Everything received until the server disconnects or pauses."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=8) as connection:
        connection.sendall(request)
        connection.settimeout(1)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionResetError):
            pass
    return received


@pytest.mark.parametrize("name", REQUESTS)
def test_malformed_request_is_refused_with_a_problem_document(
    server_process: ServerProcess, name: str
) -> None:
    request, status, code = REQUESTS[name]
    head, _, body = send(server_process, request).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    assert b"application/problem+json" in head
    assert b"nosniff" in head
    assert json.loads(body)["code"] == code


def test_endless_body_takes_no_memory(server_process: ServerProcess) -> None:
    """200 MB are sent; the server disconnects soon after its limit of 25 MB."""

    def send_200_mb() -> None:
        with socket.create_connection(("127.0.0.1", server_process.port), timeout=8) as connection:
            connection.sendall(CHUNKED)
            start, sent_mb = time.monotonic(), 0
            with contextlib.suppress(ConnectionError, TimeoutError):
                while sent_mb < 200:
                    connection.sendall(b"f4240\r\n" + bytes(1_000_000) + b"\r\n")
                    sent_mb += 1
                    time.sleep(0.03)
            assert sent_mb < 200, "the server read everything"
            assert time.monotonic() - start < 6

    assert server_process.peak_increase_mb(send_200_mb) < 60


def test_early_refusal_reaches_clients_that_send_the_full_body(
    server_process: ServerProcess,
) -> None:
    """`requests` reads the response only after it has sent the body."""
    for _ in range(3):
        response = requests.post(
            server_process.url + "/predict", data=bytes(30_000_000), timeout=20
        )
        assert (response.status_code, response.json()["code"]) == (413, "too_many_bytes")


def test_connection_stays_usable_after_a_refusal(server_process: ServerProcess) -> None:
    with requests.Session() as session:
        for _ in range(3):
            large = session.post(
                server_process.url + "/predict", data=bytes(26_000_000), timeout=20
            )
            assert large.status_code == 413
            files = {"file": pictures.PNG}
            assert session.post(server_process.url + "/countObjects", files=files, timeout=20).ok


def test_pipelined_requests_are_all_answered(server_process: ServerProcess) -> None:
    received = send(server_process, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
    assert received.count(b"HTTP/1.1 200") == 50


def test_server_serves_on_after_a_hundred_disconnects(server_process: ServerProcess) -> None:
    for cut in range(100):
        with socket.create_connection(("127.0.0.1", server_process.port), timeout=5) as connection:
            request = POST + b"Content-Length: 500\r\n\r\n" + bytes(400)
            connection.sendall(request[: 10 + cut * 5])
    health = requests.get(server_process.url + "/health", timeout=5)
    assert health.ok
    assert server_process.post("/countObjects", pictures.PNG).ok
