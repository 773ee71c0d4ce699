"""One sandbox as the grader holds it: runs notebooks inside, opens sockets there, ends it.

What comes out is bounded: messages have a largest size, output is cut, and a watch on memory and
time ends the whole tree of processes.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from countlab.grading.sandbox.bubblewrap import Enclosure, bubblewrap, enclosed, unprotected
from countlab.grading.sandbox.notebook_run import Limits, NotebookRun
from countlab.grading.sandbox.start import start_inside
from countlab.grading.sandbox.watch import Watch, kill_tree

Message = dict[str, Any]
_MESSAGE_BYTES = 1 << 16
_ANSWER_S = 20.0


class SandboxEnded(Exception):  # noqa: N818 - reads as what happened
    """It is gone, or does not answer."""


class Sandbox:
    """`with Sandbox(folder) as box: box.run("server", cells)`"""

    def __init__(
        self,
        source: Path,
        *,
        models: Path | None = None,
        limits: Limits | None = None,
        protected: bool = True,
        place: int = 0,
    ) -> None:
        self.limits = limits or Limits()
        self._scratch = Path(tempfile.mkdtemp(prefix="countlab-box-"))
        protected = protected and bubblewrap() is not None
        self.enclosure: Enclosure = (
            enclosed(source.resolve(), models, self._scratch, place)
            if protected
            else unprotected(models, self._scratch)
        )
        self._source = "/submission" if protected else str(source.resolve())
        self._runs: dict[str, NotebookRun] = {}
        self._replies: dict[int, queue.Queue[tuple[Message, list[int]]]] = {}
        self._ready, self._failure = threading.Event(), ""
        self._numbers, self._sending = 0, threading.Lock()

    def __enter__(self) -> Sandbox:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = start_inside(self.enclosure, self._source, self.limits, theirs)
        threading.Thread(target=self._listen, daemon=True).start()
        self.watch = Watch(
            self._process.pid, memory_mb=self.limits.memory_mb, seconds=self.limits.sandbox_s
        )
        if not self._ready.wait(30) or self._failure:
            self.close()
            raise RuntimeError(self._failure or "the sandbox did not start")  # not the student's
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def ended_because(self) -> str:
        """`memory`, `processes`, `time`, `ended` by itself, or nothing."""
        return self.watch.reason or ("" if self.alive else "ended")

    def close(self) -> None:
        if hasattr(self, "watch"):
            self.watch.stop()
        if self.alive:  # a number that is free again may be another process's
            kill_tree(self._process.pid)
        self._process.wait()
        self._socket.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def run(
        self, notebook: str, cells: Sequence[tuple[int, str]], *, serves: bool = False
    ) -> NotebookRun:
        """Starts the cells, one after the other, and comes back at once."""
        run = self._runs[notebook] = NotebookRun()
        payload = {"cells": [{"id": number, "source": source} for number, source in cells]}
        options = {
            "cell_s": self.limits.cell_s,
            "total_s": self.limits.notebook_s,
            "serves": serves,
        }
        request = {"do": "run", "notebook": notebook, "options": options}
        with tempfile.TemporaryFile() as file:
            file.write(json.dumps(payload).encode())
            file.flush()
            self._send(request, (file.fileno(),))
        return run

    def ports(self) -> list[int]:
        """Where the student's processes listen."""
        reply, _ = self._ask({"do": "ports"})
        return [int(port) for port in reply.get("ports", [])]

    def connect(self, port: int) -> socket.socket:
        """A connection to a port inside, to be used outside."""
        return self._socket_from({"do": "connect", "port": port})

    def listen(self, port: int) -> socket.socket:
        """A socket that listens inside, to be served from outside."""
        return self._socket_from({"do": "listen", "port": port})

    def _socket_from(self, request: Message) -> socket.socket:
        reply, descriptors = self._ask(request)
        if not descriptors:
            raise ConnectionRefusedError(str(reply.get("error", "")))
        found = socket.socket(fileno=descriptors[0])
        if found.family not in (socket.AF_INET, socket.AF_INET6):
            found.close()
            raise ConnectionRefusedError("not a TCP socket")
        return found

    def _ask(self, request: Message) -> tuple[Message, list[int]]:
        number = self._send(request)
        try:
            return self._replies[number].get(timeout=_ANSWER_S)
        except queue.Empty:
            raise SandboxEnded("no answer") from None
        finally:
            del self._replies[number]

    def _send(self, request: Message, descriptors: Sequence[int] = ()) -> int:
        with self._sending:
            self._numbers += 1
            number = self._numbers
            self._replies[number] = queue.Queue()
            try:
                data = json.dumps({"id": number, **request}).encode()
                socket.send_fds(self._socket, [data], descriptors)
            except OSError as reason:
                raise SandboxEnded(str(reason)) from reason
        return number

    def _listen(self) -> None:
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._socket, _MESSAGE_BYTES, 4)
                message = json.loads(data) if data else None
            except (OSError, ValueError):
                message = None
            if not isinstance(message, dict):
                break
            self._take(message, descriptors)
        if not self._ready.is_set():
            self._failure = "the sandbox did not start"
        for run in self._runs.values():
            run.error = run.error or self.ended_because
            run.done.set()
        self._ready.set()

    def _take(self, message: Message, descriptors: list[int]) -> None:
        run = self._runs.get(str(message.get("notebook")))
        if message.get("event") == "ready":
            self._failure = str(message.get("error", ""))
            self._ready.set()
        elif message.get("event") == "cell" and run is not None:
            run.cells[int(message["id"])] = message
        elif message.get("event") == "done" and run is not None:
            run.error = str(message.get("error", ""))
            run.done.set()
        elif message.get("id") in self._replies:
            self._replies[message["id"]].put((message, list(descriptors)))
            return
        for descriptor in descriptors:
            os.close(descriptor)
