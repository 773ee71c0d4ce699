"""Bytes that are hardly HTTP, sent over a bare socket: an answer or a closed door, at once."""

from __future__ import annotations

import contextlib
import json
import socket
import time

import pytest
import requests

from tests.promises.hostile import pictures as bad
from tests.promises.hostile.conftest import Running

POST = b"POST /countObjects HTTP/1.1\r\nHost: x\r\n"
CHUNKED = (
    POST + b"Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
)
TLS = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60)
LENGTH = POST + b"Content-Length: "
LONG = b"a" * 40_000
RAW = {
    "no request": (b"hello\r\n\r\n", 400, "not_http"),
    "a TLS greeting": (TLS, 400, "not_http"),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n", 400, "not_http"),
    "two lengths": (LENGTH + b"1\r\nContent-Length: 2\r\n\r\nx", 400, "not_http"),
    "a length below nothing": (LENGTH + b"-1\r\n\r\n", 400, "not_http"),
    "a length of words": (LENGTH + b"many\r\n\r\n", 400, "not_http"),
    "a length beyond numbers": (LENGTH + b"1" + b"0" * 30 + b"\r\n\r\n", 400, "not_http"),
    "length and chunks": (
        LENGTH + b"9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "not_http",
    ),
    "chunks of no size": (CHUNKED + b"xyz\r\n", 400, "not_http"),
    "a header without colon": (POST + b"nonsense\r\n\r\n", 400, "not_http"),
    "a header folded": (POST + b"X-A: a\r\n b\r\n\r\n", 400, "not_http"),
    "a NUL in a header": (POST + b"X-A: a\0b\r\n\r\n", 400, "not_http"),
    "a long address": (b"GET /" + LONG + b" HTTP/1.1\r\n\r\n", 431, "head_too_large"),
    "a long header": (POST + b"X-A: " + LONG + b"\r\n\r\n", 431, "head_too_large"),
    "many headers": (POST + b"X-A: a\r\n" * 9_000 + b"\r\n", 431, "head_too_large"),
    "a header without end": (POST + b"X-A: " + b"a" * 300_000, 431, "head_too_large"),
    "a promise of 1 TB": (LENGTH + b"1000000000000\r\n\r\n", 413, "too_many_bytes"),
    "chunks without end": (
        CHUNKED + (b"f4240\r\n" + bytes(1_000_000) + b"\r\n") * 12,
        413,
        "too_many_bytes",
    ),
}  # fmt: skip


def say(server: Running, sent: bytes) -> bytes:
    """Everything that comes back until the server closes or pauses."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=8) as connection:
        connection.sendall(sent)
        connection.settimeout(1)
        came = b""
        try:
            while more := connection.recv(65536):
                came += more
        except (TimeoutError, ConnectionResetError):
            pass
    return came


@pytest.mark.parametrize("what", RAW)
def test_what_is_hardly_http_is_answered_as_a_problem(running: Running, what: str) -> None:
    sent, status, code = RAW[what]
    head, _, body = say(running, sent).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), head
    assert b"application/problem+json" in head
    assert b"nosniff" in head
    assert json.loads(body)["code"] == code


def test_a_body_without_end_costs_no_memory(running: Running) -> None:
    """200 MB are offered; the connection closes soon after the limit of 10 MB."""

    def offer() -> None:
        with socket.create_connection(("127.0.0.1", running.port), timeout=8) as connection:
            connection.sendall(CHUNKED)
            start, sent = time.monotonic(), 0
            with contextlib.suppress(ConnectionError, TimeoutError):
                while sent < 200:
                    connection.sendall(b"f4240\r\n" + bytes(1_000_000) + b"\r\n")
                    sent += 1
                    time.sleep(0.03)
            assert sent < 200, "the server took it all"
            assert time.monotonic() - start < 6

    assert running.peak_mb(offer) < 60


def test_an_early_refusal_is_readable_for_plain_clients(running: Running) -> None:
    """requests sends its whole body before it reads: the answer must not be lost on the way."""
    for _ in range(3):
        answer = requests.post(running.url + "/predict", data=bytes(30_000_000), timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_many_bytes")


def test_a_connection_serves_on_after_a_refusal(running: Running) -> None:
    with requests.Session() as session:
        for _ in range(3):
            large = session.post(running.url + "/predict", data=bytes(11_000_000), timeout=20)
            assert large.status_code == 413
            files = {"file": bad.PNG}
            assert session.post(running.url + "/countObjects", files=files, timeout=20).ok


def test_requests_in_one_breath_are_answered_in_their_order(running: Running) -> None:
    came = say(running, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
    assert came.count(b"HTTP/1.1 200") == 50


def test_a_hundred_that_hang_up_midway_leave_nothing_behind(running: Running) -> None:
    for cut in range(100):
        with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
            whole = POST + b"Content-Length: 500\r\n\r\n" + bytes(400)
            connection.sendall(whole[: 10 + cut * 5])
    health = requests.get(running.url + "/health", timeout=5)
    assert health.ok
    assert running.post("/countObjects", bad.PNG).ok
