"""The lab seen working: a real server counts pictures whose counts are known.

What `make run` does after set-up. Only HTTP stands between it and the server, as for any client.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from countlab.client.client import Client
from countlab.errors import CountlabError
from countlab.evaluation.truth_counts import read_counts
from countlab.server import create_app
from countlab.serving.foreground import serving, wait_for_interrupt
from countlab.serving.server_thread import Server
from countlab.settings import Settings
from countlab.web import add_page

COUNTED_FOLDER = Path("images_counted")


@dataclass(frozen=True)
class Row:
    """One object in one picture: how many there are, and how many were counted."""

    picture: str
    object: str
    truth: int
    counted: int
    milliseconds: float

    @property
    def exact(self) -> bool:
        return self.truth == self.counted


def take_tour(folder: Path, *, port: int, once: bool, settings: Settings) -> bool:
    """Serves, counts, shows, and keeps serving unless `once`; true when a picture failed."""
    truth = read_counts(folder / "truth.csv")
    console, failed = Console(highlight=False), False
    app, host = create_app(settings=settings), "127.0.0.1"
    add_page(app)
    with serving(lambda on: Server(app, on, host), host=host, port=port) as server:
        client = Client(server.url, language=settings.language, api_key=settings.api_key)
        rows, errors = count_folder(folder, truth, client)
        failed = bool(errors)
        show(rows, errors, server.url, console, settings)
        if not once:
            console.print("\nCtrl-C ends the server.")
            wait_for_interrupt()
    return failed


def count_folder(
    folder: Path, truth: Mapping[str, Mapping[str, int]], client: Client
) -> tuple[list[Row], dict[str, CountlabError]]:
    """Counts every picture over HTTP and keeps it with its boxes; one that fails is told."""
    rows: list[Row] = []
    errors: dict[str, CountlabError] = {}
    progress = Console(stderr=True)
    names = track(
        truth, "counting", console=progress, transient=True, disable=not progress.is_terminal
    )
    for name in names:
        try:
            rows += _count_picture(folder / name, truth[name], client)
        except CountlabError as error:
            errors[name] = error
    return rows, errors


def _count_picture(picture: Path, truth: Mapping[str, int], client: Client) -> list[Row]:
    """One request gives both: the picture with boxes, and the counts in its headers."""
    start = time.perf_counter()
    answer = client.predict(picture)
    milliseconds = (time.perf_counter() - start) * 1000
    answer.save(COUNTED_FOLDER / picture.name)
    counts = answer.counts or {}
    return [
        Row(picture.name, label, number, counts.get(label, 0), milliseconds)
        for label, number in truth.items()
    ]


def show(
    rows: Sequence[Row],
    errors: Mapping[str, CountlabError],
    url: str,
    console: Console,
    settings: Settings,
) -> None:
    console.print(table_of(rows))
    for name, error in errors.items():
        detail, fix = error.text(settings.language)
        console.print(f"[red]✗[/red] {name}: {detail} {fix}", soft_wrap=True)
    console.print(f"\n{summary_of(rows)}")
    console.print(f"Pictures with boxes: {COUNTED_FOLDER}/", soft_wrap=True)
    console.print(f"Try it yourself:     {url}/ui and {url}/docs", soft_wrap=True)
    console.print(f"The API:             POST {url}/countObjects?confidence=0.5", soft_wrap=True)


def table_of(rows: Sequence[Row]) -> Table:
    """Rows with nothing to count and nothing counted would hide the others; they are left out."""
    table = Table("picture", "object", "truth", "counted", "", "ms", box=None, pad_edge=False)
    for column in (2, 3, 5):
        table.columns[column].justify = "right"
    before = ""
    for row in _telling(rows):
        first = row.picture != before
        before = row.picture
        table.add_row(
            row.picture if first else "",
            row.object,
            str(row.truth),
            str(row.counted),
            "[green]✓" if row.exact else "[red]✗",
            f"{row.milliseconds:.0f}" if first else "",
        )
    return table


def summary_of(rows: Sequence[Row]) -> str:
    """The share of exact rows, first where there is something to count: zeros come easily."""
    if not rows:
        return "Nothing was counted."
    some = [row for row in rows if row.truth]
    error = sum(abs(row.truth - row.counted) for row in rows) / len(rows)
    return (
        f"Exact: {_share(some)} where there is something to count, {_share(rows)} in all.\n"
        f"Mean error: {error:.2f} objects."
    )


def _share(rows: Sequence[Row]) -> str:
    exact = sum(row.exact for row in rows)
    return f"{exact} of {len(rows)} ({exact / max(1, len(rows)):.0%})"


def _telling(rows: Sequence[Row]) -> list[Row]:
    told = {row.picture for row in rows if row.truth or row.counted}
    kept = []
    for row in rows:
        if row.truth or row.counted:
            kept.append(row)
        elif row.picture not in told:
            told.add(row.picture)
            kept.append(Row(row.picture, "–", 0, 0, row.milliseconds))
    return kept
