"""The hostile table: each row is answered as it should be, soon, in little memory, and without
keeping the event loop from everybody else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.promises.hostile import (
    decoder_cases,
    form_cases,
    history_cases,
    http_cases,
    page_cases,
    pictures,
)
from tests.promises.hostile.conftest import ServerProcess, start_server
from tests.promises.hostile.loop_watch import read_turns
from tests.promises.hostile.raw import exchange, get
from tests.promises.hostile.table import Hostile

MAX_BUSY_S = 0.050
TABLE: dict[str, list[Hostile]] = {
    "decoder": decoder_cases.CASES,
    "form": form_cases.CASES,
    "http": http_cases.CASES,
    "page": page_cases.CASES,
    "history": history_cases.CASES,
}
ROWS = [(group, case) for group, cases in TABLE.items() for case in cases]


@dataclass(frozen=True)
class Watched:
    server: ServerProcess
    turns: Path


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """With the default limits, the page, and some history."""
    folder = tmp_path_factory.mktemp("table")
    turns = folder / "turns"
    command = ["-m", "tests.promises.hostile.loop_watch", str(turns)]
    with start_server(folder / "home", command=command) as server:
        for _ in range(3):
            assert server.post("/countObjects", pictures.PNG).ok
        while exchange(server.port, get("/ui/")).status != 200:
            time.sleep(0.2)  # the page is being built
        for path in ("/ui/", "/openapi.json", "/models", "/history", "/predict"):
            exchange(server.port, get(path))  # what is made once, at the first request
        yield Watched(server, turns)


def test_the_table_has_hundreds_of_rows() -> None:
    names = [(group, case.name) for group, case in ROWS]
    assert len(set(names)) == len(names), {name for name in names if names.count(name) > 1}
    assert all(len(cases) >= 35 for cases in TABLE.values())
    assert len(names) >= 500


@pytest.mark.parametrize(("group", "case"), ROWS, ids=[f"{g}: {c.name}" for g, c in ROWS])
def test_hostile_request_is_bounded(watched: Watched, group: str, case: Hostile) -> None:
    data, start = case.data, time.monotonic()
    answers = []
    megabytes = watched.server.peak_increase_mb(
        lambda: answers.append(exchange(watched.server.port, data))
    )
    (received,) = answers
    answer = received.status, received.code
    assert answer in case.answers, received.body[:500]
    assert received.seconds < case.seconds
    assert megabytes < case.megabytes
    assert b"evil.example" not in received.body or group != "page"
    busy = [turn.busy_s for turn in read_turns(watched.turns, since=start)]
    assert max(busy, default=0.0) < MAX_BUSY_S, "the event loop was kept from everybody else"


def test_the_server_counts_as_before(watched: Watched) -> None:
    """The last test of this module: all rows have been sent."""
    assert watched.server.post("/countObjects", pictures.PNG).json()["count"] == 0
    assert exchange(watched.server.port, get("/health/ready")).status == 200
