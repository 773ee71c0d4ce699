"""A real `countlab serve` in its own process, and clients that keep it busy."""

from __future__ import annotations

import json
import os
import re
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
    """Serves when the constructor returns; `kill()` sends SIGKILL, `terminate()` SIGTERM."""

    COMMAND = (str(Path(sys.executable).with_name("countlab")), "serve")

    def __init__(
        self, home: Path, *options: str, preexec: Callable[[], None] | None = None, **settings: str
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
                preexec_fn=preexec,
            )
        assert self.process.stdout
        greeting = self.process.stdout.readline()
        address = re.search(r"http://\S+", greeting)  # the greeting is in the terminal's language
        assert address, self.log()
        self.url = address[0]
        self.port = int(self.url.rpartition(":")[2])

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self._wait(None)

    def terminate(self, timeout_s: float = 15) -> int:
        """Returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self._wait(timeout_s)

    def _wait(self, timeout_s: float | None) -> int:
        status = self.process.wait(timeout_s)
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
    """Threads that send one request after the other and collect the ids of the responses."""

    def __init__(self, service: Service, picture: bytes, number: int = 4) -> None:
        self.answered: set[str] = set()
        self._service, self._picture = service, picture
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(number)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, responses: int) -> None:
        end = time.monotonic() + 60
        while len(self.answered) < responses:
            assert time.monotonic() < end, "too few responses"
            time.sleep(0.01)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                response = self._service.count(self._picture)
            except requests.RequestException:
                time.sleep(0.05)  # the server was killed
                continue
            if response.ok:
                self.answered.add(response.headers["x-request-id"])


def recorded_ids(home: Path) -> set[str]:
    """The request ids in the history, after an integrity check of the database."""
    connection = sqlite3.connect(home / "history.sqlite")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {request_id for (request_id,) in connection.execute("SELECT request_id FROM counts")}
    finally:
        connection.close()
