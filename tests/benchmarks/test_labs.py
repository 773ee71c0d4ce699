"""The labs' bench: answers of different services are compared by their class."""

from __future__ import annotations

import io
import json
import socketserver
import threading
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.comparison import class_agreement
from benchmarks.labs import classes, digit_pictures, measure
from benchmarks.load import Connection
from benchmarks.models import benchmark_model
from benchmarks.rounds import Plan
from countlab.models.lab_answer import LabAnswer


def test_answers_are_read_under_either_name() -> None:
    names = LabAnswer(class_name="predicted_class_name", probabilities="all_probabilities")
    ours = {"predicted_class_name": "rain", "all_probabilities": {"rain": 0.9}, "count": 1}
    theirs = {"class": "rain", "probabilities": {"rain": 0.8}}
    read = [classes(json.dumps(answer).encode(), names=names) for answer in (ours, theirs)]
    assert read == [("rain", {"rain": 0.9}), ("rain", {"rain": 0.8})]


def test_agreement_counts_pictures_with_the_same_class() -> None:
    found = class_agreement([("7", []), ("1", [])], [("7", [0.1]), ("2", [])])
    assert (found.same, found.pictures) == (1, 2)


class _ClosesEachTime(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while self.rfile.readline() not in (b"\r\n", b""):
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")


def test_a_server_that_closes_after_each_answer_is_asked_again() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _ClosesEachTime) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = Connection(server.server_address[1])
        for _ in range(3):
            assert connection.send(b"GET / HTTP/1.1\r\n\r\n") == (200, b"ok")
        connection.close()
        server.shutdown()


def test_digits_are_drawn_as_mnist_has_them() -> None:
    assert len(set(digit_pictures())) == 10


@pytest.mark.slow
def test_every_lab_is_measured_without_a_wrong_answer(tmp_path: Path) -> None:
    output = io.StringIO()
    plan = Plan(rounds=1, seconds=0.3, clients=(1, 8), answers=("json",), warm_up_s=0.1)
    results = measure(
        lambda name: benchmark_model(name, tmp_path),
        console=Console(file=output, width=200),
        progress=lambda _: None,
        plan=plan,
    )
    for name in ("digits", "weather", "catsdogs"):
        assert f"{name}: " in output.getvalue()
        (ours,) = (side for side in results[name] if side["server"].startswith("countlab"))
        assert all(stretch["answered"] for stretch in ours["stretches"])
        assert sum(stretch["wrong"] + stretch["failed"] for stretch in ours["stretches"]) == 0
