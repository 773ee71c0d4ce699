"""A server in its own process, as an operator starts it, and its memory."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

COMMAND = "from countlab.cli import main; main()"


@dataclass(frozen=True)
class ServerProcess:
    """A server at `url`, in the process `pid`."""

    url: str
    pid: int

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def post(self, path: str, data: bytes, *, name: str = "x.jpg") -> requests.Response:
        return requests.post(self.url + path, files={"file": (name, data)}, timeout=90)

    def memory_mb(self) -> float:
        return self._proc_status_mb("VmRSS")

    def peak_increase_mb(self, work: Callable[[], object]) -> float:
        """How much the memory peaks above its current size during the work."""
        clear_refs = Path(f"/proc/{self.pid}/clear_refs")
        if not clear_refs.exists():
            pytest.skip("needs /proc/PID/clear_refs of Linux")
        clear_refs.write_text("5")  # resets VmHWM
        before = self.memory_mb()
        work()
        return self._proc_status_mb("VmHWM") - before

    def _proc_status_mb(self, field: str) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        match = re.search(rf"{field}:\s+(\d+) kB", status)
        assert match
        return int(match[1]) / 1000


@contextlib.contextmanager
def start_server(
    home: Path,
    *,
    command: Sequence[str] = ("-c", COMMAND),
    options: Sequence[str] = (),
    **settings: str,
) -> Iterator[ServerProcess]:
    environment = {name: value for name, value in os.environ.items() if "COUNTLAB" not in name}
    environment |= {"COUNTLAB_HOME": str(home), **settings}
    with subprocess.Popen(
        [sys.executable, *command, "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        try:
            lines = iter(process.stdout or ())
            matches = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in lines)
            url = next(filter(None, matches), None)
            assert url, "the server ended before it printed its address"
            # Drains the pipe, since a full one would block the server.
            threading.Thread(target=deque, args=(lines, 0), daemon=True).start()
            yield ServerProcess(url[0], process.pid)
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def server_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """With the default limits, except for a smaller batch."""
    with start_server(tmp_path_factory.mktemp("hostile"), COUNTLAB_MAX_BATCH="4") as server:
        yield server
