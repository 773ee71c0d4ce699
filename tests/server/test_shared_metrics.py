"""Metrics shared by workers, where the disk is full, read-only, gone or damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from countlab.server import shared_metrics

COUNT = """
import os, sys
from pathlib import Path
from countlab.server.metrics import Metrics
folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
metrics = Metrics(lambda: 0, folder)
for number in range(int(sys.argv[1])):
    metrics.request_started()
    metrics.request_finished("GET", f"/{number}", 200, 0.1)
sys.stdout.buffer.write(metrics.render())
"""


def count(folder: Path, requests: int = 3, *, limit: str = "") -> subprocess.CompletedProcess[str]:
    script = f"import resource; {limit}\n{COUNT}" if limit else COUNT
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    command = [sys.executable, "-c", script, str(requests)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


def total(text: str) -> float:
    lines = [line for line in text.splitlines() if line.startswith("countlab_requests_total")]
    return sum(float(line.split()[-1]) for line in lines)


def test_all_processes_are_summed_also_those_that_ended(tmp_path: Path) -> None:
    assert total(count(tmp_path).stdout) == 3
    assert total(count(tmp_path).stdout) == 6
    assert total(shared_metrics.render(tmp_path).decode()) == 6


@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 70_000, b"\x40\0\0\0" + bytes(60)])
def test_damaged_file_is_left_out(tmp_path: Path, content: bytes) -> None:
    count(tmp_path)
    (tmp_path / "counter_1.db").write_bytes(content)
    (tmp_path / "nonsense.db").write_bytes(content)
    assert total(shared_metrics.render(tmp_path).decode()) == 3


def test_folder_that_is_gone_is_no_error(tmp_path: Path) -> None:
    assert shared_metrics.render(tmp_path / "gone") == b""
    done = count(tmp_path / "gone")
    assert (done.returncode, total(done.stdout)) == (0, 0), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="needs a mounted file system of its own")
def test_full_disk_does_not_kill_the_process(tmp_path: Path) -> None:
    """Written through a memory map of a sparse file, it would end with SIGBUS."""
    script = f"""
mount -t tmpfs -o size=300k tmpfs {tmp_path} || exit 77
head -c 200k /dev/zero > {tmp_path}/rest
PROMETHEUS_MULTIPROC_DIR={tmp_path} {sys.executable} -c '{COUNT}' 3000
"""
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True)
    if done.returncode in (1, 77) and not done.stdout and "Traceback" not in done.stderr:
        pytest.skip("may not mount a file system here")
    assert done.returncode == 0, done.stderr
    assert "countlab_requests_present" in done.stdout  # what found its place before


@pytest.mark.slow
def test_file_size_limit_does_not_kill_the_process(tmp_path: Path) -> None:
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))"
    done = count(tmp_path, 3000, limit=limit)
    assert done.returncode == 0, done.stderr
    assert total(done.stdout) > 0


def test_what_was_in_progress_in_ended_processes_is_forgotten(tmp_path: Path) -> None:
    """Their counts stay; so do all values of a process that runs."""
    running = f"gauge_livesum_{os.getppid()}.db"
    count(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    assert any(name.startswith("gauge_live") for name in before)
    (tmp_path / running).write_bytes(b"")
    shared_metrics.forget_ended(tmp_path)
    kept = {name for name in before if not name.startswith("gauge_live")}
    assert {path.name for path in tmp_path.iterdir()} == kept | {running}
    assert total(shared_metrics.render(tmp_path).decode()) == 3
