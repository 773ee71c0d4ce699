"""A server in a process of its own, as an operator would start it, and its memory."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

START = "from countlab.cli import main; main()"


@dataclass(frozen=True)
class Running:
    """A server that answers at `url`, in the process `pid`."""

    url: str
    pid: int

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def post(self, path: str, data: bytes, *, name: str = "x.jpg") -> requests.Response:
        return requests.post(self.url + path, files={"file": (name, data)}, timeout=90)

    def memory_mb(self) -> float:
        return self._status("VmRSS")

    def peak_mb(self, work: Callable[[], object]) -> float:
        """How much more memory the server had at its highest while this was done."""
        clear = Path(f"/proc/{self.pid}/clear_refs")
        if not clear.exists():
            pytest.skip("measures memory the way Linux does")
        clear.write_text("5")
        before = self.memory_mb()
        work()
        return self._status("VmHWM") - before

    def _status(self, line: str) -> float:
        told = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"{line}:\s+(\d+) kB", told)
        assert found
        return int(found[1]) / 1000


@contextlib.contextmanager
def serving(home: Path, **settings: str) -> Iterator[Running]:
    environment = {name: value for name, value in os.environ.items() if "COUNTLAB" not in name}
    environment |= {"COUNTLAB_HOME": str(home), **settings}
    with subprocess.Popen(
        [sys.executable, "-c", START, "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        try:
            lines = iter(process.stdout or ())
            found = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in lines)
            url = next(filter(None, found), None)
            assert url, "the server ended before it said where it serves"
            # Nobody else reads its log lines, and a full pipe would stop the server.
            threading.Thread(target=deque, args=(lines, 0), daemon=True).start()
            yield Running(url[0], process.pid)
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With the limits that it has when nobody sets any, a smaller batch apart."""
    with serving(tmp_path_factory.mktemp("hostile"), COUNTLAB_MAX_BATCH="4") as server:
        yield server
