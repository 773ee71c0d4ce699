"""Servers in a terminal's foreground: clean shutdown, and a clear error for a taken port."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from countlab.client.client import Client

COUNTLAB = str(Path(sys.executable).with_name("countlab"))


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
        assert isinstance(number, int)
        return number


@contextlib.contextmanager
def started(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [COUNTLAB, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=cwd,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("stop_signal", "page", "locale", "greeting"),
    [
        (signal.SIGINT, "--ui", "es_UY.UTF-8", "Servidor en "),
        (signal.SIGTERM, "--no-ui", "en_US.UTF-8", "Serving at "),
    ],
)
def test_serve_responds_and_shuts_down_cleanly(
    port: int,
    photo: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop_signal: signal.Signals,
    page: str,
    locale: str,
    greeting: str,
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    with started("serve", "--port", str(port), "--keep", "kept", page, cwd=tmp_path) as process:
        assert process.stdout
        said = process.stdout.readline()
        assert said.startswith(f"{greeting}http://127.0.0.1:{port} ")
        assert f"http://127.0.0.1:{port}/docs" in said
        if page == "--ui":
            assert f"http://127.0.0.1:{port}/ui" in process.stdout.readline()
        assert Client(f"http://127.0.0.1:{port}").count(photo).count > 0
        icon = requests.get(f"http://127.0.0.1:{port}/ui/files/icon.svg", timeout=10)
        assert icon.ok == (page == "--ui")
        assert len(list((tmp_path / "kept").iterdir())) == 1
        process.send_signal(stop_signal)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["route"] for line in lines][:1] == ["/countObjects"]
    with socket.create_server(("127.0.0.1", port)):
        pass  # the port is free again


@pytest.mark.parametrize("command", ["serve", "tour"])
def test_a_taken_port_is_reported_with_a_free_one(command: str, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "truth.csv").write_text("file,object,count\na.jpg,apple,1\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started(command, "--port", port, cwd=tmp_path) as process:
            out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert err.splitlines()[0] == f"Error: Port {port} on 127.0.0.1 is in use by another program."
    assert re.search(r"PORT=\d+ make run", err.splitlines()[1])


@pytest.mark.parametrize("options", [["--host", "192.0.2.1"], ["--engine", "other"]])
def test_impossible_options_are_reported_without_a_traceback(
    options: list[str], tmp_path: Path
) -> None:
    with started("serve", *options, cwd=tmp_path) as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.startswith("Error: ")
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix terminal")
def test_ctrl_c_in_a_terminal_is_not_an_error_for_the_calling_program(
    port: int, tmp_path: Path
) -> None:
    """As under `make run`: the Ctrl-C that stops the server must not reach the caller."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        caller = f'"{COUNTLAB}" serve --port {port}; echo "ended with $?"'
        os.execvp("sh", ["sh", "-c", caller])
    output = b""
    deadline = time.monotonic() + 30
    while b"ended with" not in output and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                output += os.read(terminal, 4096)
            except OSError:  # all processes of the terminal have ended
                break
        if b"/docs" in output and b"^C" not in output:
            time.sleep(0.3)
            os.write(terminal, b"\x03")
            output += b"^C"
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert b"ended with 0" in output
    assert status == 0
