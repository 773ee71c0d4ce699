"""A real `countlab serve` in a process of its own, and clients that keep it busy."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests


class Service:
    """Started when this returns; `kill()` and `end()` as an operator would."""

    COMMAND = (str(Path(sys.executable).with_name("countlab")), "serve")

    def __init__(
        self, home: Path, *options: str, before: Callable[[], None] | None = None, **settings: str
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self._log = home.parent / f"{home.name}.log"
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [*self.COMMAND, "--port", "0", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
                cwd=home.parent,
                env=os.environ | {"COUNTLAB_HOME": str(home), "OMP_NUM_THREADS": "1"} | settings,
                preexec_fn=before,
            )
        assert self.process.stdout
        greeting = self.process.stdout.readline()
        assert greeting.startswith("Serving at "), self.log()
        self.url = greeting.split()[2]
        self.port = int(self.url.rpartition(":")[2])

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self._wait(None)

    def end(self, seconds: float = 15) -> int:
        """A polite kill; the exit status, if it comes in time."""
        self.process.send_signal(signal.SIGTERM)
        return self._wait(seconds)

    def _wait(self, seconds: float | None) -> int:
        status = self.process.wait(seconds)
        assert self.process.stdout
        self.process.stdout.close()
        return status

    def count(
        self, picture: bytes, path: str = "/countObjects", **headers: str
    ) -> requests.Response:
        files = {"file": ("x.jpg", picture)}
        return requests.post(self.url + path, files=files, headers=headers, timeout=30)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, timeout=30)

    def log(self) -> str:
        return self._log.read_text()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log().splitlines()]


class Clients:
    """Threads that count one picture after the other and remember every answer they got."""

    def __init__(self, service: Service, picture: bytes, number: int = 4) -> None:
        self.answered: set[str] = set()
        self._service, self._picture = service, picture
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(number)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def until(self, answers: int) -> None:
        end = time.monotonic() + 60
        while len(self.answered) < answers:
            assert time.monotonic() < end, "no answers come"
            time.sleep(0.01)

    def _run(self) -> None:
        while not self._enough.is_set():
            try:
                answer = self._service.count(self._picture)
            except requests.RequestException:
                time.sleep(0.05)  # killed meanwhile
                continue
            if answer.ok:
                self.answered.add(answer.headers["x-request-id"])


def kept(home: Path) -> set[str]:
    """The request ids in the database, after it was found to be whole."""
    connection = sqlite3.connect(home / "history.sqlite")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {name for (name,) in connection.execute("SELECT request_id FROM counts")}
    finally:
        connection.close()
