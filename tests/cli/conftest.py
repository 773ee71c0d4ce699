"""A server of pictures on loopback, and commands run as in a shell or in a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conftest import ROOT, offering

COMMAND = (sys.executable, "-c", "from countlab.cli import main; main()")
Start = Callable[..., "subprocess.Popen[str]"]


_MOVED = {"/moved.jpg": "/photo.jpg", "/loop.jpg": "/loop.jpg", "/disk.jpg": "file:///etc/passwd"}


@dataclass
class PictureServer:
    """`/photo.jpg` is a photo, `/slow.jpg` waits, `/page.jpg` is a web page, `/big.jpg` endless,
    `/short.jpg` breaks off."""

    url: str = ""
    requested: list[str] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def picture_server(photo: bytes) -> Iterator[PictureServer]:
    server = PictureServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requested.append(self.path)
            if self.path.startswith("/slow"):
                server.go_on.wait(60)
            if target := _MOVED.get(self.path):
                self.send_response(302)
                self.send_header("Location", target)
                self.end_headers()
                return
            self.send_response(404 if self.path == "/gone.jpg" else 200)
            kind = "text/html" if self.path == "/page.jpg" else "image/jpeg"
            self.send_header("Content-Type", kind)
            if self.path == "/short.jpg":
                self.send_header("Content-Length", str(len(photo) + 1))
            self.end_headers()
            with suppress(OSError):  # whoever asked may leave halfway
                self.wfile.write(photo if self.path != "/big.jpg" else bytes(40_000_000))

        def log_message(self, *_: object) -> None:
            """Keeps the test's output clean."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    with offering(listening):
        yield server
        server.go_on.set()


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `countlab …` in a process of its own; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start_one(*arguments: object, **options: object) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
        for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
            environment.pop(name, None)
        process: subprocess.Popen[str] = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            **{  # type: ignore[call-overload]
                "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL,
                "text": True, "cwd": ROOT, "env": environment, **options,
            },
        )  # fmt: skip
        started.append(process)
        return process

    yield start_one
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
