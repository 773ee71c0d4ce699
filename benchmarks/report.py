"""Report of the results: tables in the terminal and a JSON file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.rounds import Plan, ServerResult

_COLUMNS = ("requests/s", "spread", "×", "p50 ms", "p95 ms", "CPU ms")


def print_results(
    console: Console, title: str, results: Sequence[ServerResult], plan: Plan
) -> None:
    """A table for each response type and number of clients; × is the ratio to the first server."""
    console.print(f"\n[bold]{title}")
    for answer in plan.answers:
        for clients in plan.clients:
            noun = "clients" if clients > 1 else "client"
            table = Table(f"{answer}, {clients} {noun}", *_COLUMNS, box=None, pad_edge=False)
            for column in table.columns[1:]:
                column.justify = "right"
            for result in results:
                table.add_row(result.server, *_speed_columns(result, results[0], answer, clients))
            console.print(table)
    console.print(_correctness_table(results))


def _correctness_table(results: Sequence[ServerResult]) -> Table:
    """Correctness of the responses, memory, and cost of the clients."""
    columns = ("memory MB", "wrong", "errors", "client CPU ms", "beside the first")
    table = Table("all of it", *columns, box=None, pad_edge=False)
    for column in table.columns[1:5]:
        column.justify = "right"
    for result in results:
        client_cpu_ms = median(measurement.client_cpu_ms for measurement in result.stretches)
        table.add_row(
            result.server,
            f"{result.peak_bytes / 2**20:.0f}",
            str(result.wrong),
            str(result.failed),
            f"{client_cpu_ms:.1f}",
            str(result.agreement),
        )
    return table


def _speed_columns(
    result: ServerResult, first: ServerResult, answer: str, clients: int
) -> list[str]:
    rate = result.median_of("per_second", answer, clients)
    low, high = result.range_of("per_second", answer, clients)
    times = rate / first.median_of("per_second", answer, clients)
    rest = ("p50_ms", "p95_ms", "cpu_ms")
    return [
        f"{rate:.1f}",
        f"{low:.1f}–{high:.1f}",
        f"{times:.1f}",
        *(f"{result.median_of(figure, answer, clients):.1f}" for figure in rest),
    ]


def ratio(results: Sequence[ServerResult], server: str, answer: str, clients: int) -> float:
    """Requests a second relative to the first server."""
    by_name = {result.server: result for result in results}
    rates = [
        result.median_of("per_second", answer, clients) for result in (by_name[server], results[0])
    ]
    return rates[0] / rates[1]


def as_dicts(results: Sequence[ServerResult]) -> list[dict[str, Any]]:
    return [asdict(result) for result in results]


def save(folder: Path, name: str, data: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(data, indent=1, default=str) + "\n")
    return path
