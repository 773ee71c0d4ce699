"""The bench measures what it says: right answers are told from wrong ones, nothing stays behind."""

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

from benchmarks.answers import agreement, essence
from benchmarks.bench import run
from benchmarks.load import Connection, Question, keep_busy
from benchmarks.machine import has_bf16
from benchmarks.rounds import Plan
from tests.conftest import ROOT


def test_the_quick_bench_compares_three_servers_and_ends_with_one_line(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))  # servers of other tests
    told = io.StringIO()
    shortest = Plan(rounds=1, seconds=0.3, clients=(1, 2), answers=("jpeg",), warm_up_s=0.1)
    run(Console(file=told), Console(quiet=True), quick=True, results=tmp_path, plan=shortest)
    last = told.getvalue().splitlines()[-1]
    assert last.startswith("yolov3-tiny jpeg vs classic: f32 c1 ")
    assert ("bf16 c2 " in last) == has_bf16()
    assert last.endswith("x, wrong answers 0")
    assert "random weights" in told.getvalue()
    assert (tmp_path / "quick.png").stat().st_size > 1000
    sides = json.loads((tmp_path / "quick.json").read_text())["quick"]["sides"]
    for side in sides:
        assert side["peak_bytes"] > 10**8
        assert all(stretch["answered"] and stretch["cpu_ms"] for stretch in side["stretches"])
    f32 = sides[1]["agreement"]
    assert f32["same"] == f32["pictures"], "f32 must give the classic server's boxes"
    left = set(psutil.Process().children(recursive=True)) - before
    assert not left, "a server of the bench still runs"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_ends_the_bench_and_all_that_it_started() -> None:
    command = [sys.executable, "-c", "from countlab.cli import main; main()", "bench", "--quick"]
    bench = psutil.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE
    )
    started: list[psutil.Process] = []
    give_up = time.monotonic() + 60
    while not started and time.monotonic() < give_up:
        time.sleep(0.1)
        started = bench.children(recursive=True)
    bench.send_signal(signal.SIGINT)
    _, said = bench.communicate(timeout=30)
    assert bench.returncode != 0
    assert b"Traceback" not in said
    assert started
    assert not psutil.wait_procs(started, timeout=5)[1]


class _Answers(socketserver.StreamRequestHandler):
    """Answers in turn: right, wrong, in chunks, with an error, not at all."""

    turn = 0

    def handle(self) -> None:
        while self.rfile.readline():
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            kind = _Answers.turn % 5
            _Answers.turn += 1
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


def test_wrong_answers_errors_and_silence_are_counted_apart() -> None:
    _Answers.turn = 0
    question = Question(b"GET / HTTP/1.1\r\n\r\n", b"right")
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        load = keep_busy(port, [[question]], seconds=5, essence=essence)
        server.shutdown()
    assert (load.answers, load.wrong, load.failed) == (2, 1, 2)
    assert load.judged == 4
    assert len(load.latencies_s) == 2


def test_a_body_in_chunks_arrives_whole() -> None:
    _Answers.turn = 2
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = Connection(server.server_address[1])
        assert connection.ask(b"GET / HTTP/1.1\r\n\r\n") == (200, b"right")
        connection.close()
        server.shutdown()


def finding(label: str = "dog", confidence: float = 0.7, left: int = 10) -> dict[str, object]:
    return {"label": label, "confidence": confidence, "box": [left, 20, 30, 40]}


@pytest.mark.parametrize(
    ("answer", "same", "counts"),
    [
        ([finding(left=11), finding("cat")], 1, 1),
        ([finding("cat"), finding()], 1, 1),
        ([finding(left=12), finding("cat")], 0, 1),
        ([finding(confidence=0.7002), finding("cat")], 0, 1),
        ([finding(), finding()], 0, 0),
        ([finding()], 0, 0),
    ],
)
def test_answers_agree_when_each_finding_has_its_partner(
    answer: list[dict[str, object]], same: int, counts: int
) -> None:
    found = agreement([answer], [[finding(), finding("cat")]])
    assert (found.same, found.counts) == (same, counts)
