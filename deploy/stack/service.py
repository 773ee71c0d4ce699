"""One program of the stack: started, waited for, ended, its output kept."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

_READY_S = 300.0
_END_S = 20.0
_given_ports: set[int] = set()


class NotStartedError(Exception):
    """A program ended, or was not ready in time; says the end of its output."""


@dataclass
class Service:
    """A process and all that it starts, as one group."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    end_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                list(self.command),
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the stack, which ends them in order
            )
        end = time.monotonic() + _READY_S
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                tail = self.log.read_text(errors="replace")[-2000:]
                self.stop()
                raise NotStartedError(f"{self.name} does not start; {self.log} ends with:\n{tail}")
            time.sleep(0.1)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        self._end(self.end_signal)

    def kill(self) -> None:
        """As in a crash."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        self._signal(number)
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self.process.wait()
        self._signal(signal.SIGKILL)  # what it started and left
        self.process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def free_port() -> int:
    """Never the same twice, though the system may give a port again once its socket is closed."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port: int = listener.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def answers(url: str) -> Callable[[], bool]:
    """Ready when the address answers, with whatever status below 500."""

    def ready() -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(url, timeout=2).status_code < 500
        return False

    return ready


def listens(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    return ready
