"""The programs that the tests of this folder run; without one its tests skip and say whence."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

CHECKS = ROOT / ".venv-deploy" / "bin"


def require(program: str, *, by: str = "scripts/system-packages") -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/bin")
    if not path:
        pytest.skip(f"needs {program} ({by})")
    return path


def require_check(program: str) -> str:
    """A program of deploy/requirements-checks.txt."""
    if not (CHECKS / program).exists():
        pytest.skip(f"needs {program} (make test-deploy)")
    return str(CHECKS / program)


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


def wait_for_port(port: int, process: subprocess.Popen[bytes], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "it ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("it does not listen")
