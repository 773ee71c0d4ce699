"""Benchmarks: wrong responses are detected, figures are complete, and no process stays behind."""

from __future__ import annotations

import io
import json
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from benchmarks.bench import run
from benchmarks.comparison import agreement, comparable
from benchmarks.load import Connection, Request, keep_busy
from benchmarks.machine import has_bf16
from benchmarks.rounds import Plan
from tests.conftest import ROOT


@pytest.mark.slow
def test_quick_bench_compares_three_servers_and_prints_a_summary_line(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))  # servers of other tests
    output = io.StringIO()
    plan = Plan(rounds=1, seconds=0.3, clients=(1, 2), answers=("jpeg",), warm_up_s=0.1)
    run(Console(file=output), Console(quiet=True), quick=True, results=tmp_path, plan=plan)
    last = output.getvalue().splitlines()[-1]
    assert last.startswith("yolov3-tiny jpeg vs classic: f32 c1 ")
    assert ("bf16 c2 " in last) == has_bf16()
    assert last.endswith("x, wrong answers 0")
    assert "random weights" in output.getvalue()
    assert (tmp_path / "quick.png").stat().st_size > 1000
    sides = json.loads((tmp_path / "quick.json").read_text())["quick"]["sides"]
    for side in sides:
        assert side["peak_bytes"] > 10**8
        assert all(stretch["answered"] and stretch["cpu_ms"] for stretch in side["stretches"])
    f32 = sides[1]["agreement"]
    assert f32["same"] == f32["pictures"], "f32 must give the classic server's boxes"
    remaining = set(psutil.Process().children(recursive=True)) - before
    assert not remaining, "a server of the bench still runs"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a signal")
@pytest.mark.slow
def test_ctrl_c_ends_the_bench_and_its_child_processes() -> None:
    command = [sys.executable, "-c", "from countlab.cli import main; main()", "bench", "--quick"]
    bench = psutil.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
    )
    started: list[psutil.Process] = []
    deadline = time.monotonic() + 60
    while not started and time.monotonic() < deadline:
        time.sleep(0.1)
        started = bench.children(recursive=True)
    bench.send_signal(signal.SIGINT)
    _, stderr = bench.communicate(timeout=30)
    assert bench.returncode != 0
    assert b"Traceback" not in stderr
    assert started
    assert not psutil.wait_procs(started, timeout=5)[1]


class _RespondInTurn(socketserver.StreamRequestHandler):
    """Responds in turn: correct, wrong, chunked, with an error, not at all."""

    turn = 0

    def handle(self) -> None:
        while self.rfile.readline():
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            kind = _RespondInTurn.turn % 5
            _RespondInTurn.turn += 1
            if kind == 4:
                return
            status = b"500 Oh" if kind == 3 else b"200 OK"
            body = b"wrong" if kind == 1 else b"right"
            if kind == 2:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                self.wfile.write(b"2\r\nri\r\n")
                time.sleep(0.01)
                self.wfile.write(b"3\r\nght\r\n0\r\n\r\n")
                continue
            length = str(len(body)).encode()
            self.wfile.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: " + length)
            self.wfile.write(b"\r\n\r\n" + body)


def test_wrong_responses_and_failures_are_counted_separately() -> None:
    _RespondInTurn.turn = 0
    request = Request(b"GET / HTTP/1.1\r\n\r\n", b"right")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _RespondInTurn) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        load = keep_busy(port, [[request]], seconds=5, comparable=comparable)
        server.shutdown()
    assert (load.answers, load.wrong, load.failed) == (2, 1, 2)
    assert load.received == 4
    assert len(load.latencies_s) == 2


def test_chunked_body_is_reassembled() -> None:
    _RespondInTurn.turn = 2
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _RespondInTurn) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = Connection(server.server_address[1])
        assert connection.send(b"GET / HTTP/1.1\r\n\r\n") == (200, b"right")
        connection.close()
        server.shutdown()


def finding(label: str = "dog", confidence: float = 0.7, left: int = 10) -> dict[str, object]:
    return {"label": label, "confidence": confidence, "box": [left, 20, 30, 40]}


@pytest.mark.parametrize(
    ("findings", "same", "counts"),
    [
        ([finding(left=11), finding("cat")], 1, 1),
        ([finding("cat"), finding()], 1, 1),
        ([finding(left=12), finding("cat")], 0, 1),
        ([finding(confidence=0.7002), finding("cat")], 0, 1),
        ([finding(), finding()], 0, 0),
        ([finding()], 0, 0),
    ],
)
def test_responses_agree_when_each_finding_has_a_counterpart(
    findings: list[dict[str, object]], same: int, counts: int
) -> None:
    result = agreement([findings], [[finding(), finding("cat")]])
    assert (result.same, result.counts) == (same, counts)
