"""Load generator: clients that keep a server busy at little cost, because they share its cores.

Requests are built beforehand and sent over kept-alive sockets, one thread per client; each waits
for its response before sending again. Every response is compared with the expected one.
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
# Wait for more of a response that arrives in hundreds of small pieces: a client that wakes up for
# each would take 10 ms of the server's cores.
_WAIT_FOR_MORE_S = 0.001
_BOUNDARY = "picture-boundary"


@dataclass(frozen=True)
class Request:
    """An encoded request, and the expected content of its response."""

    data: bytes
    expected: Any = None


def post(path: str, picture: bytes, *, name: str, accept: str) -> bytes:
    """A complete request with the picture as a form file, as browsers and `requests` send it."""
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
    """A connection, kept alive where the server keeps it; `send` returns status and body."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._buffer = bytearray(1 << 20)
        self._socket, self._is_closed = self._connected(), False

    def send(self, request: bytes) -> tuple[int, bytes]:
        if self._is_closed:  # Flask's own server closes after each answer
            self.close()
            self._socket = self._connected()
        self._socket.sendall(request)
        received_bytes, end_of_head = 0, -1
        while end_of_head < 0:
            received_bytes = self._receive_more(received_bytes)
            end_of_head = self._buffer.find(b"\r\n\r\n", 0, received_bytes)
        head, start = bytes(self._buffer[: end_of_head + 2]).lower(), end_of_head + 4
        status = int(head[9:12])
        self._is_closed = b"connection: close" in head
        if b"transfer-encoding: chunked" in head:
            while not self._buffer.endswith(_END_OF_CHUNKS, 0, received_bytes):
                time.sleep(_WAIT_FOR_MORE_S)
                received_bytes = self._receive_more(received_bytes)
            return status, _without_chunks(bytes(self._buffer[start:received_bytes]))
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while received_bytes < start + length:
            received_bytes = self._receive_more(received_bytes)
        return status, bytes(self._buffer[start : start + length])

    def close(self) -> None:
        self._socket.close()

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), _TIMEOUT_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _receive_more(self, received_bytes: int) -> int:
        if len(self._buffer) - received_bytes < 1 << 16:
            self._buffer += bytes(len(self._buffer))
        with memoryview(self._buffer) as view:
            arrived = self._socket.recv_into(view[received_bytes:])
        if not arrived:
            raise ConnectionError("the server closed the connection before its answer was whole")
        return received_bytes + arrived


def _without_chunks(body: bytes) -> bytes:
    parts: list[bytes] = []
    position = 0
    while True:
        end = body.index(b"\r\n", position)
        size = int(body[position:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + size])
        position = end + 4 + size


@dataclass
class Load:
    """What the clients saw during one measurement."""

    clients: int
    latencies_s: list[float] = field(default_factory=list)
    wrong: int = 0
    """Responses that differ from the expected one."""
    failed: int = 0
    """Error responses and broken connections."""
    received: int = 0
    """All responses, including those that came after the time was over."""
    last_answer_s: float = 0.0
    """When the last response within the time arrived, from the start."""
    own_cpu_s: float = 0.0

    @property
    def answers(self) -> int:
        return len(self.latencies_s)

    @property
    def per_second(self) -> float:
        return self.answers / self.last_answer_s if self.last_answer_s else 0.0


def keep_busy(
    port: int,
    requests: Sequence[Sequence[Request]],
    *,
    seconds: float,
    comparable: Callable[[bytes], Any],
) -> Load:
    """Run one client per list of requests, which it sends in turn until the time is over.

    Responses pending at the end are awaited and checked, but not counted, unless the client has no
    other.
    """
    clients = [
        _Client(Connection(port), client_requests, comparable) for client_requests in requests
    ]
    load, lock = Load(clients=len(clients)), threading.Lock()
    started, cpu_before = time.perf_counter(), time.process_time()
    threads = [
        threading.Thread(target=client.run, args=(load, lock, started, seconds), daemon=True)
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
    requests: Sequence[Request]
    comparable: Callable[[bytes], Any]

    def run(self, load: Load, lock: threading.Lock, started: float, seconds: float) -> None:
        with contextlib.closing(self.connection):
            for turn, request in enumerate(itertools.cycle(self.requests)):
                sent = time.perf_counter() - started
                if sent >= seconds:
                    return
                try:
                    status, body = self.connection.send(request.data)
                except OSError:
                    with lock:
                        load.failed += 1
                    return
                arrived = time.perf_counter() - started
                is_correct = status == 200 and self.comparable(body) == request.expected
                with lock:
                    load.received += 1
                    load.failed += status != 200
                    load.wrong += status == 200 and not is_correct
                    if is_correct and (arrived <= seconds or not turn):
                        load.latencies_s.append(arrived - sent)
                        load.last_answer_s = max(load.last_answer_s, arrived)
