"""Clients that keep a server busy, as cheap as possible: they share the cores with it.

Requests are built beforehand and sent over kept-alive sockets, one thread for each client, each
waiting for its answer before it asks again. Every answer is compared with the expected one.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_END_OF_CHUNKS = b"\r\n0\r\n\r\n"
_TIMEOUT_S = 120.0
# An answer that comes in hundreds of small pieces is taken in a few: a client awake at each
# piece would take 10 ms of the server's cores.
_GATHER_S = 0.001
_BOUNDARY = "picture-boundary"


@dataclass(frozen=True)
class Question:
    """One request, ready to send, and what a right answer must come to."""

    request: bytes
    expected: Any = None


def post(path: str, picture: bytes, *, name: str, accept: str) -> bytes:
    """A whole request with the picture as a form's file, as browsers and `requests` send it."""
    body = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode()
    body += picture + f"\r\n--{_BOUNDARY}--\r\n".encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection:
    """One kept-alive connection; `ask` gives the status and the body."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(1 << 20)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        self._socket.sendall(request)
        have, end_of_head = 0, -1
        while end_of_head < 0:
            have = self._more(have)
            end_of_head = self._buffer.find(b"\r\n\r\n", 0, have)
        head, start = bytes(self._buffer[: end_of_head + 2]).lower(), end_of_head + 4
        status = int(head[9:12])
        if b"transfer-encoding: chunked" in head:
            while not self._buffer.endswith(_END_OF_CHUNKS, 0, have):
                time.sleep(_GATHER_S)
                have = self._more(have)
            return status, _without_chunks(bytes(self._buffer[start:have]))
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while have < start + length:
            have = self._more(have)
        return status, bytes(self._buffer[start : start + length])

    def close(self) -> None:
        self._socket.close()

    def _more(self, have: int) -> int:
        if len(self._buffer) - have < 1 << 16:
            self._buffer += bytes(len(self._buffer))
        with memoryview(self._buffer) as view:
            arrived = self._socket.recv_into(view[have:])
        if not arrived:
            raise ConnectionError("the server closed the connection before its answer was whole")
        return have + arrived


def _without_chunks(body: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    while True:
        end = body.index(b"\r\n", at)
        size = int(body[at:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + size])
        at = end + 4 + size


@dataclass
class Load:
    """What the clients of one stretch saw."""

    clients: int
    latencies_s: list[float] = field(default_factory=list)
    wrong: int = 0
    """Answers that were not the expected one."""
    failed: int = 0
    """Errors instead of answers, broken connections among them."""
    judged: int = 0
    """All of these, and those that came after the stretch."""
    last_answer_s: float = 0.0
    """When the last answer within the stretch came, counted from its start."""
    own_cpu_s: float = 0.0

    @property
    def answers(self) -> int:
        return len(self.latencies_s)

    @property
    def per_second(self) -> float:
        return self.answers / self.last_answer_s if self.last_answer_s else 0.0


def keep_busy(
    port: int,
    questions: Sequence[Sequence[Question]],
    *,
    seconds: float,
    essence: Callable[[bytes], Any],
) -> Load:
    """Each list of questions is one client, which asks them in turn until the time is over.

    Answers under way at the end are waited for and judged, but not counted, unless a client
    has no other.
    """
    clients = [_Client(Connection(port), own, essence) for own in questions]
    load, lock = Load(clients=len(clients)), threading.Lock()
    begun, cpu_before = time.perf_counter(), time.process_time()
    threads = [
        threading.Thread(target=client.run, args=(load, lock, begun, seconds), daemon=True)
        for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.own_cpu_s = time.process_time() - cpu_before
    return load


@dataclass
class _Client:
    connection: Connection
    questions: Sequence[Question]
    essence: Callable[[bytes], Any]

    def run(self, load: Load, lock: threading.Lock, begun: float, seconds: float) -> None:
        with contextlib.closing(self.connection):
            for turn, question in enumerate(itertools.cycle(self.questions)):
                asked = time.perf_counter() - begun
                if asked >= seconds:
                    return
                try:
                    status, body = self.connection.ask(question.request)
                except OSError:
                    with lock:
                        load.failed += 1
                    return
                answered = time.perf_counter() - begun
                right = status == 200 and self.essence(body) == question.expected
                with lock:
                    load.judged += 1
                    load.failed += status != 200
                    load.wrong += status == 200 and not right
                    if right and (answered <= seconds or not turn):
                        load.latencies_s.append(answered - asked)
                        load.last_answer_s = max(load.last_answer_s, answered)
