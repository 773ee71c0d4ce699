"""The template of `limited_process` and its workers, as this process sees them."""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from countlab.errors import CountlabError
from countlab.system.deadline import remaining_s

HEAD = 16  # bytes before a request: length of its text, length of its data behind it
KEPT_UP_TO = 100_000_000
"""A worker whose job was allowed more is not used again: its memory goes back to the system."""
START_TIMEOUT_S = 60.0
WINDOW = 16_000_000
"""Data and results up to this many bytes are handed over in memory that stays shared."""
_READY = b"+"
_ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
    "MALLOC_ARENA_MAX",
)


@dataclass(frozen=True)
class Limits:
    """What one job may take."""

    memory: int
    """Bytes above what the worker has anyway."""
    processor_s: int


@dataclass(frozen=True)
class Result:
    """What a job gives back: a small document, and memory that it has filled."""

    document: dict[str, Any]
    memory: bytearray | mmap.mmap | None


class WorkerEnded(Exception):  # noqa: N818 - reads as what happened
    """The worker ended in the middle of its job: `signal` is what ended it."""

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal


class Template:
    """The process that workers are forked from."""

    def __init__(self, function: str) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket, self._lock = ours, threading.Lock()
        environment = {name: value for name, value in os.environ.items() if "COUNTLAB" not in name}
        environment |= dict.fromkeys(_ONE_THREAD, "1")
        program = "countlab.system.limited_worker"
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", program, str(theirs.fileno()), function]
                if sys.version_info >= (3, 11)
                else [sys.executable, "-m", program, str(theirs.fileno()), function],
                pass_fds=[theirs.fileno()],
                env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # decoders write there what is wrong with a file
            )
        ours.settimeout(START_TIMEOUT_S)
        try:
            ready = ours.recv(1) == _READY
        except OSError:
            ready = False
        if not ready:
            self.end()
            raise CountlabError("internal")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(self) -> Worker:
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            socket.send_fds(self._socket, [b"fork"], [theirs.fileno()])
            pid = int(self._socket.recv(32))
        return Worker(self, ours, pid, _make_window(ours))

    def end_worker(self, pid: int, *, closed: bool) -> int:
        """Kills a worker and says which signal had ended it (0: none, it had ended by itself).

        The template does both: a process that is not waited for keeps its number to itself.
        """
        try:
            with self._lock:
                self._socket.send(b"%s %d" % (b"reap" if closed else b"end", pid))
                return int(self._socket.recv(32))
        except (OSError, ValueError):
            return signal.SIGKILL  # the template is gone, and its workers with it

    def end(self) -> None:
        self._socket.close()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclass(eq=False)
class Worker:
    template: Template
    socket: socket.socket
    pid: int
    window: mmap.mmap

    def run(self, document: dict[str, Any], data: bytes, limits: Limits) -> Result:
        in_window = len(data) if len(data) <= WINDOW else 0
        self.window[:in_window] = data[:in_window]
        text = json.dumps([document, limits.memory, limits.processor_s, in_window]).encode()
        rest = memoryview(data)[in_window:]
        head = len(text).to_bytes(8, "big") + len(rest).to_bytes(8, "big")
        self.socket.settimeout(max(0.001, remaining_s(default=10.0 * limits.processor_s)))
        self.socket.sendall(head + text)
        self.socket.sendall(rest)
        length, descriptors = self._receive_head()
        with _closing(descriptors):
            document = json.loads(receive(self.socket, length))
            size = int(document.pop("bytes", 0))
            if not size:
                return Result(document, None)
            if not descriptors:
                return Result(document, bytearray(memoryview(self.window)[:size]))
            if os.fstat(descriptors[0]).st_size < size:  # touching what is not there is fatal
                raise EOFError
            return Result(document, mmap.mmap(descriptors[0], size))

    def _receive_head(self) -> tuple[int, list[int]]:
        head, descriptors, _, _ = socket.recv_fds(self.socket, 8, 1)
        if len(head) < 8:
            head += receive(self.socket, 8 - len(head))
        return min(int.from_bytes(head, "big"), 1_000_000), descriptors

    def end(self, *, closed: bool = False) -> int:
        """`closed`: it has closed the connection, and is about to end by itself."""
        self.close()
        return self.template.end_worker(self.pid, closed=closed)

    def close(self) -> None:
        """A worker whose connection closes ends by itself."""
        self.socket.close()


def _make_window(to: socket.socket) -> mmap.mmap:
    """Memory that this process and a worker share."""
    descriptor = os.memfd_create("countlab")
    os.ftruncate(descriptor, WINDOW)
    socket.send_fds(to, [b"w"], [descriptor])
    window = mmap.mmap(descriptor, WINDOW)
    os.close(descriptor)
    return window


def receive_descriptor(connection: socket.socket) -> int:
    _, descriptors, _, _ = socket.recv_fds(connection, 1, 1)
    return descriptors[0]


@contextlib.contextmanager
def _closing(descriptors: list[int]) -> Iterator[None]:
    try:
        yield
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def receive(connection: socket.socket, length: int) -> bytearray:
    """Exactly so many bytes."""
    data = bytearray(length)
    view, at = memoryview(data), 0
    while at < length:
        arrived = connection.recv_into(view[at:])
        if not arrived:
            raise EOFError
        at += arrived
    return data
