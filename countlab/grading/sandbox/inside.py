"""What runs inside the sandbox: starts kernels, runs cells, hands out sockets of its own network.

Nothing it says is believed for points: cells' results are remarks. Points come from HTTP, asked
through sockets that are made here, where the network is private, and used by the grader outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from countlab.grading.sandbox.kernel import Notebook
from countlab.grading.sandbox.ports import listening_ports

Message = dict[str, Any]
_PR_SET_DUMPABLE = 4


class Control:
    """The socket to the grader: JSON messages, some with a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._writing = threading.Lock()

    def say(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        data = json.dumps(message).encode()
        with self._writing:
            socket.send_fds(self._socket, [data], descriptors)

    def requests(self) -> Iterator[tuple[Message, Message]]:
        """Each request, and its payload, which arrives as an open file."""
        while True:
            data, descriptors, _, _ = socket.recv_fds(self._socket, 1 << 16, 4)
            if not data:
                return
            payload: Message = {}
            for descriptor in descriptors:
                with os.fdopen(descriptor, "rb") as file:
                    file.seek(0)
                    payload = json.loads(file.read() or b"{}")
            yield json.loads(data), payload


class Desk:
    """Answers the grader's requests, each in a thread of its own."""

    def __init__(self, control: Control, limits: Message) -> None:
        self._control, self._limits = control, limits
        self._notebooks: dict[str, Notebook] = {}

    def answer(self, request: Message, payload: Message) -> None:
        reply: Message = {"id": request["id"]}
        sockets: tuple[socket.socket, ...] = ()
        try:
            if request["do"] == "run":
                self._run(request, payload)
            elif request["do"] == "connect":
                address = ("127.0.0.1", request["port"])
                sockets = (socket.create_connection(address, timeout=3),)
            elif request["do"] == "listen":
                sockets = (socket.create_server(("127.0.0.1", request["port"]), backlog=64),)
            elif request["do"] == "ports":
                reply["ports"] = sorted(self._ports())
        except Exception as reason:  # whatever a student's process did to this one
            reply["error"] = f"{type(reason).__name__}: {reason}"[:500]
        self._control.say(reply, tuple(each.fileno() for each in sockets))
        for each in sockets:
            each.close()

    def _run(self, request: Message, payload: Message) -> None:
        name = request["notebook"]
        error = ""
        try:
            if name not in self._notebooks:
                self._notebooks[name] = Notebook(name, self._limits, self._control.say)
            self._notebooks[name].run(payload["cells"], **request["options"])
        except Exception as reason:  # a kernel that does not start
            error = f"{type(reason).__name__}: {reason}"[:500]
        self._control.say({"event": "done", "notebook": name, "error": error})

    def _ports(self) -> set[int]:
        own: set[int] = set()
        for notebook in self._notebooks.values():
            own |= notebook.own_ports
        return listening_ports(own, private=bool(self._limits["private"]))


def main(arguments: list[str]) -> None:
    limits: Message = json.loads(arguments[1])
    _hide()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = Control(int(arguments[0]))
    try:
        _copy_submission(limits)
    except OSError as reason:
        control.say({"event": "ready", "error": str(reason)[:500]})
        return
    control.say({"event": "ready", "error": ""})
    desk = Desk(control, limits)
    for request, payload in control.requests():
        threading.Thread(target=desk.answer, args=(request, payload), daemon=True).start()
    os._exit(0)


def _hide() -> None:
    """No other process of the same user may look into this one."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _copy_submission(limits: Message) -> None:
    """The student's files, to where the notebooks may also write."""
    shutil.copytree(limits["source"], limits["folder"], dirs_exist_ok=True)
    if limits["uid"]:
        folder = Path(limits["folder"])
        for path in (*sorted(folder.rglob("*"), reverse=True), folder):  # what is inside first
            path.chmod(0o755 if path.is_dir() else 0o644)
            os.chown(path, limits["uid"], limits["uid"])
