"""The tour: starts a server, counts pictures with known counts over HTTP, and shows the table.

`make run` calls it after set-up. It talks to the server only over HTTP, like any client.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from countlab.client.client import Client
from countlab.errors import CountlabError
from countlab.evaluation.truth_counts import read_counts
from countlab.messages import Language, render
from countlab.server import create_app
from countlab.serving.foreground import serve_in_foreground, wait_for_interrupt
from countlab.serving.server_thread import Server
from countlab.settings import Settings
from countlab.web import add_page

COUNTED_FOLDER = Path("images_counted")


@dataclass(frozen=True)
class Row:
    """The true and the counted number of one object in one picture."""

    picture: str
    object: str
    truth: int
    counted: int
    milliseconds: float

    @property
    def exact(self) -> bool:
        return self.truth == self.counted


def take_tour(folder: Path, *, port: int, once: bool, settings: Settings) -> bool:
    """Serves, counts, shows, and keeps serving unless `once`; returns whether a picture failed."""
    truth = read_counts(folder / "truth.csv")
    console, failed = Console(highlight=False, markup=False), False
    app, host = create_app(settings=settings), "127.0.0.1"
    add_page(app)
    with serve_in_foreground(lambda sock: Server(app, sock, host), host=host, port=port) as server:
        client = Client(server.url, language=settings.language, api_key=settings.api_key)
        rows, errors = count_folder(folder, truth, client)
        failed = bool(errors)
        show(rows, errors, server.url, console, settings)
        if not once:
            console.print("\n" + _say("ends", settings.language))
            wait_for_interrupt()
    return failed


def count_folder(
    folder: Path, truth: Mapping[str, Mapping[str, int]], client: Client
) -> tuple[list[Row], dict[str, CountlabError]]:
    """Counts every picture and saves it with its boxes; returns rows, and errors by picture."""
    rows: list[Row] = []
    errors: dict[str, CountlabError] = {}
    progress = Console(stderr=True, markup=False)
    names = track(truth, "", console=progress, transient=True, disable=not progress.is_terminal)
    for name in names:
        try:
            rows += _count_picture(folder / name, truth[name], client)
        except CountlabError as error:
            errors[name] = error
    return rows, errors


def _count_picture(picture: Path, truth: Mapping[str, int], client: Client) -> list[Row]:
    """One request returns both: the picture with boxes, and the counts in its headers."""
    start = time.perf_counter()
    response = client.predict(picture)
    milliseconds = (time.perf_counter() - start) * 1000
    response.save(COUNTED_FOLDER / picture.name)
    counts = response.counts or {}
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
    language = settings.language
    console.print(results_table(rows, language))
    for name, error in errors.items():
        detail, fix = error.text(language)
        failed = Text.assemble(("✗", "red"), f" {name}: {detail} {fix}")
        console.print(failed, soft_wrap=True)
    lines = (
        f"\n{summary_text(rows, language)}",
        _say("pictures", language, folder=COUNTED_FOLDER),
        _say("try", language, page=f"{url}/ui", docs=f"{url}/docs"),
        _say("api", language, url=f"{url}/countObjects?confidence=0.5"),
    )
    for line in lines:
        console.print(line, soft_wrap=True)


def results_table(rows: Sequence[Row], language: Language = "en") -> Table:
    """Leaves out rows with nothing to count and nothing counted; they would hide the others."""
    headings = [heading.strip() for heading in _say("columns", language).split("|")]
    table = Table(*headings, box=None, pad_edge=False)
    for column in (2, 3, 5):
        table.columns[column].justify = "right"
    previous = ""
    for row in _relevant_rows(rows):
        is_first = row.picture != previous
        previous = row.picture
        table.add_row(
            row.picture if is_first else "",
            row.object,
            str(row.truth),
            str(row.counted),
            Text("✓", "green") if row.exact else Text("✗", "red"),
            f"{row.milliseconds:.0f}" if is_first else "",
        )
    return table


def summary_text(rows: Sequence[Row], language: Language = "en") -> str:
    """The share of exact rows, first of those with something to count: zeros are easy."""
    if not rows:
        return _say("nothing", language)
    nonzero = [row for row in rows if row.truth]
    mean_error = sum(abs(row.truth - row.counted) for row in rows) / len(rows)
    shares = {"nonzero": _share(nonzero, language), "all": _share(rows, language)}
    return "\n".join(
        [
            _say("exact", language, **shares),
            _say("mean_error", language, value=f"{mean_error:.2f}"),
        ]
    )


def _share(rows: Sequence[Row], language: Language) -> str:
    exact = sum(row.exact for row in rows)
    share = f"{exact / max(1, len(rows)):.0%}"
    return _say("share", language, exact=exact, of=len(rows), share=share)


def _say(name: str, language: Language, /, **facts: object) -> str:
    """A sentence of the tour: `cli_tour_<name>` in messages.toml."""
    return render(f"cli_tour_{name}", language, facts).detail


def _relevant_rows(rows: Sequence[Row]) -> list[Row]:
    """Rows with something to count or counted; for a picture without any, one empty row."""
    shown_pictures = {row.picture for row in rows if row.truth or row.counted}
    relevant = []
    for row in rows:
        if row.truth or row.counted:
            relevant.append(row)
        elif row.picture not in shown_pictures:
            shown_pictures.add(row.picture)
            relevant.append(Row(row.picture, "–", 0, 0, row.milliseconds))
    return relevant
