"""What is shown in the end: tables in the terminal, one JSON file, plots."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.rounds import Plan, Side

_COLUMNS = ("requests/s", "spread", "×", "p50 ms", "p95 ms", "CPU ms")


def print_sides(console: Console, title: str, sides: Sequence[Side], plan: Plan) -> None:
    """A table for each answer and number of clients; × is the ratio to the first server."""
    console.print(f"\n[bold]{title}")
    for answer in plan.answers:
        for clients in plan.clients:
            many = "clients" if clients > 1 else "client"
            table = Table(f"{answer}, {clients} {many}", *_COLUMNS, box=None, pad_edge=False)
            for column in table.columns[1:]:
                column.justify = "right"
            for side in sides:
                table.add_row(side.server, *_figures(side, sides[0], answer, clients))
            console.print(table)
    console.print(_soundness(sides))


def _soundness(sides: Sequence[Side]) -> Table:
    """Whether the answers were right, and what else the servers took."""
    columns = ("memory MB", "wrong", "errors", "client CPU ms", "beside the first")
    table = Table("all of it", *columns, box=None, pad_edge=False)
    for column in table.columns[1:5]:
        column.justify = "right"
    for side in sides:
        client_cpu_ms = median(stretch.client_cpu_ms for stretch in side.stretches)
        table.add_row(
            side.server,
            f"{side.peak_bytes / 2**20:.0f}",
            str(side.wrong),
            str(side.failed),
            f"{client_cpu_ms:.1f}",
            str(side.agreement),
        )
    return table


def _figures(side: Side, first: Side, answer: str, clients: int) -> list[str]:
    rate = side.middle("per_second", answer, clients)
    low, high = side.spread("per_second", answer, clients)
    times = rate / first.middle("per_second", answer, clients)
    rest = ("p50_ms", "p95_ms", "cpu_ms")
    return [
        f"{rate:.1f}",
        f"{low:.1f}–{high:.1f}",
        f"{times:.1f}",
        *(f"{side.middle(figure, answer, clients):.1f}" for figure in rest),
    ]


def ratio(sides: Sequence[Side], server: str, answer: str, clients: int) -> float:
    """How many times as many requests a second as the first server answers."""
    by_name = {side.server: side for side in sides}
    rates = [side.middle("per_second", answer, clients) for side in (by_name[server], sides[0])]
    return rates[0] / rates[1]


def as_data(sides: Sequence[Side]) -> list[dict[str, Any]]:
    return [asdict(side) for side in sides]


def save(results: Path, name: str, data: dict[str, Any]) -> Path:
    results.mkdir(parents=True, exist_ok=True)
    path = results / f"{name}.json"
    path.write_text(json.dumps(data, indent=1, default=str) + "\n")
    return path
