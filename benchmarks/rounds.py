"""Servers side by side: all are started, then take short turns, round after round.

Interleaving makes other work on the machine hit all of them alike: trust the ratios. The order
changes from round to round.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.answers import Agreement, agreement, essence
from benchmarks.load import Connection, Load, Question, keep_busy, post
from benchmarks.pictures import sent_pictures
from benchmarks.servers import Contestant, Running, started

ACCEPT = {"jpeg": "image/jpeg", "json": "application/json"}
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How long everything takes: rounds × seconds for each server, answer and number of clients."""

    rounds: int
    seconds: float
    clients: tuple[int, ...] = (1, 8)
    answers: tuple[str, ...] = ("jpeg", "json")
    warm_up_s: float = 0.5


@dataclass(frozen=True)
class Stretch:
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
class Side:
    """What is said about one server in the end."""

    server: str
    stretches: tuple[Stretch, ...]
    peak_bytes: int
    agreement: Agreement

    def middle(self, figure: str, answer: str, clients: int) -> float:
        return median(self._all(figure, answer, clients))

    def spread(self, figure: str, answer: str, clients: int) -> tuple[float, float]:
        values = self._all(figure, answer, clients)
        return min(values), max(values)

    @property
    def wrong(self) -> int:
        return sum(stretch.wrong for stretch in self.stretches)

    @property
    def failed(self) -> int:
        return sum(stretch.failed for stretch in self.stretches)

    def _all(self, figure: str, answer: str, clients: int) -> list[float]:
        return [
            getattr(stretch, figure)
            for stretch in self.stretches
            if (stretch.answer, stretch.clients) == (answer, clients)
        ]


def side_by_side(contestants: Sequence[Contestant], plan: Plan, tell: Tell) -> list[Side]:
    """Measures all; the first is the reference with whose findings the others are compared."""
    with contextlib.ExitStack() as stack:
        servers = []
        for contestant in contestants:
            tell(f"starting {contestant.name}")
            servers.append(Asked(stack.enter_context(started(contestant)), plan))
        stretches: dict[str, list[Stretch]] = {server.name: [] for server in servers}
        for number, (answer, clients, server) in enumerate(_turns(servers, plan)):
            if number % len(servers) == 0:
                tell(f"{answer}, {clients} client{'s' * (clients > 1)}")
            stretches[server.name].append(server.stretch(answer, clients, plan.seconds))
        return [
            Side(
                server=server.name,
                stretches=tuple(stretches[server.name]),
                peak_bytes=server.running.peak_bytes,
                agreement=agreement(server.findings, servers[0].findings),
            )
            for server in servers
        ]


def _turns(servers: list[Asked], plan: Plan) -> Iterator[tuple[str, int, Asked]]:
    for turn in range(plan.rounds):
        first = turn % len(servers)
        for answer in plan.answers:
            for clients in plan.clients:
                for server in servers[first:] + servers[:first]:
                    yield answer, clients, server


class Asked:
    """A running server with the questions that it gets and its own answers to them, one by one."""

    def __init__(
        self, running: Running, plan: Plan, pictures: tuple[bytes, ...] | None = None
    ) -> None:
        self.running = running
        self.name = running.contestant.name
        self._pictures = pictures or sent_pictures()
        with contextlib.closing(Connection(running.port)) as connection:
            self._serial = {
                answer: [self._ask(connection, answer, picture) for picture in self._pictures]
                for answer in {*plan.answers, "json"}
            }
        self.findings: list[Any] = self._serial["json"]
        for answer in plan.answers:
            self._load(answer, max(plan.clients), plan.warm_up_s)

    def stretch(self, answer: str, clients: int, seconds: float) -> Stretch:
        before = self.running.cpu_s
        load = self._load(answer, clients, seconds)
        requests = max(1, load.judged)
        latencies = sorted(load.latencies_s) or [float("nan")]
        return Stretch(
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

    def _load(self, answer: str, clients: int, seconds: float) -> Load:
        questions = [self._questions(answer, client) for client in range(clients)]
        return keep_busy(self.running.port, questions, seconds=seconds, essence=essence)

    def _questions(self, answer: str, client: int) -> list[Question]:
        """Each client begins with another picture, under a file name of its own."""
        asked = [
            Question(self._request(answer, picture, client), right)
            for picture, right in zip(self._pictures, self._serial[answer], strict=True)
        ]
        first = client % len(asked)
        return asked[first:] + asked[:first]

    def _request(self, answer: str, picture: bytes, client: int) -> bytes:
        contestant = self.running.contestant
        path = contestant.json_path if answer == "json" else contestant.picture_path
        return post(path, picture, name=f"client{client}.jpg", accept=ACCEPT[answer])

    def _ask(self, connection: Connection, answer: str, picture: bytes) -> Any:
        status, body = connection.ask(self._request(answer, picture, 0))
        if status != 200:
            raise RuntimeError(f"{self.name} answered {status}: {body[:500].decode()}")
        return essence(body)
