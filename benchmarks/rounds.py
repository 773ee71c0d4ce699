"""Side-by-side measurement: all servers are started, then take short turns, round after round.

Interleaving makes other load on the machine affect all of them alike: rely on the ratios. The
order changes from round to round.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.comparison import Agreement, ClassAgreement, agreement, comparable
from benchmarks.load import Connection, Load, Request, keep_busy, post
from benchmarks.pictures import request_pictures
from benchmarks.servers import RunningServer, ServerSpec, running_server

ACCEPT = {"jpeg": "image/jpeg", "json": "application/json"}
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """Duration: rounds × seconds for each server, response type and number of clients."""

    rounds: int
    seconds: float
    clients: tuple[int, ...] = (1, 8)
    answers: tuple[str, ...] = ("jpeg", "json")
    warm_up_s: float = 0.5


@dataclass(frozen=True)
class Measurement:
    """One server under one load, once."""

    server: str
    answer: str
    clients: int
    per_second: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    """CPU time of the server's processes for each request."""
    client_cpu_ms: float
    answered: int
    wrong: int
    failed: int


@dataclass(frozen=True)
class ServerResult:
    """All results of one server."""

    server: str
    stretches: tuple[Measurement, ...]
    peak_bytes: int
    agreement: Agreement | ClassAgreement

    def median_of(self, figure: str, answer: str, clients: int) -> float:
        return median(self._values(figure, answer, clients))

    def range_of(self, figure: str, answer: str, clients: int) -> tuple[float, float]:
        values = self._values(figure, answer, clients)
        return min(values), max(values)

    @property
    def wrong(self) -> int:
        return sum(measurement.wrong for measurement in self.stretches)

    @property
    def failed(self) -> int:
        return sum(measurement.failed for measurement in self.stretches)

    def _values(self, figure: str, answer: str, clients: int) -> list[float]:
        return [
            getattr(measurement, figure)
            for measurement in self.stretches
            if (measurement.answer, measurement.clients) == (answer, clients)
        ]


@dataclass(frozen=True)
class Question:
    """What all servers are sent, and what of their answers must stay the same."""

    pictures: tuple[bytes, ...] = ()
    comparable: Callable[[bytes], Any] = comparable
    agreement: Callable[[list[Any], list[Any]], Agreement | ClassAgreement] = agreement


def measure_side_by_side(
    servers: Sequence[ServerSpec],
    plan: Plan,
    progress: Progress,
    question: Question = Question(),
) -> list[ServerResult]:
    """Measure all servers; the first is the reference for the findings of the others."""
    with contextlib.ExitStack() as stack:
        measured = []
        for spec in servers:
            progress(f"starting {spec.name}")
            running = stack.enter_context(running_server(spec))
            measured.append(MeasuredServer(running, plan, question))
        stretches: dict[str, list[Measurement]] = {server.name: [] for server in measured}
        for turn, (answer, clients, server) in enumerate(_turns(measured, plan)):
            if turn % len(measured) == 0:
                progress(f"{answer}, {clients} client{'s' * (clients > 1)}")
            stretches[server.name].append(server.measure(answer, clients, plan.seconds))
        return [
            ServerResult(
                server=server.name,
                stretches=tuple(stretches[server.name]),
                peak_bytes=server.running.peak_bytes,
                agreement=question.agreement(server.findings, measured[0].findings),
            )
            for server in measured
        ]


def _turns(servers: list[MeasuredServer], plan: Plan) -> Iterator[tuple[str, int, MeasuredServer]]:
    for turn in range(plan.rounds):
        first = turn % len(servers)
        for answer in plan.answers:
            for clients in plan.clients:
                for server in servers[first:] + servers[:first]:
                    yield answer, clients, server


class MeasuredServer:
    """A running server, its requests, and its own responses to them when sent one by one."""

    def __init__(self, running: RunningServer, plan: Plan, question: Question = Question()) -> None:
        self.running = running
        self.name = running.spec.name
        self._pictures = question.pictures or request_pictures()
        self._comparable = question.comparable
        with contextlib.closing(Connection(running.port)) as connection:
            self._expected = {
                answer: [self._send(connection, answer, picture) for picture in self._pictures]
                for answer in {*plan.answers, "json"}
            }
        self.findings: list[Any] = self._expected["json"]
        for answer in plan.answers:
            self._run_load(answer, max(plan.clients), plan.warm_up_s)

    def measure(self, answer: str, clients: int, seconds: float) -> Measurement:
        before = self.running.cpu_s
        load = self._run_load(answer, clients, seconds)
        requests = max(1, load.received)
        latencies = sorted(load.latencies_s) or [float("nan")]
        return Measurement(
            server=self.name,
            answer=answer,
            clients=clients,
            per_second=load.per_second,
            p50_ms=median(latencies) * 1000,
            p95_ms=latencies[int(0.95 * len(latencies))] * 1000,
            cpu_ms=(self.running.cpu_s - before) / requests * 1000,
            client_cpu_ms=load.own_cpu_s / requests * 1000,
            answered=load.answers,
            wrong=load.wrong,
            failed=load.failed,
        )

    def _run_load(self, answer: str, clients: int, seconds: float) -> Load:
        requests = [self._requests(answer, client) for client in range(clients)]
        return keep_busy(self.running.port, requests, seconds=seconds, comparable=self._comparable)

    def _requests(self, answer: str, client: int) -> list[Request]:
        """Each client begins with another picture, under a file name of its own."""
        requests = [
            Request(self._encode_request(answer, picture, client), expected)
            for picture, expected in zip(self._pictures, self._expected[answer], strict=True)
        ]
        first = client % len(requests)
        return requests[first:] + requests[:first]

    def _encode_request(self, answer: str, picture: bytes, client: int) -> bytes:
        spec = self.running.spec
        path = spec.json_path if answer == "json" else spec.picture_path
        return post(path, picture, name=f"client{client}.jpg", accept=ACCEPT[answer])

    def _send(self, connection: Connection, answer: str, picture: bytes) -> Any:
        status, body = connection.send(self._encode_request(answer, picture, 0))
        if status != 200:
            raise RuntimeError(f"{self.name} answered {status}: {body[:500].decode()}")
        return self._comparable(body)
