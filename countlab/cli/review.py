"""The command `review`: a page on which people look at a dataset's labels."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import note, stdout_console
from countlab.cli.texts import say, words

if TYPE_CHECKING:
    from countlab.datasets.review.weak_errors import ReviewReport


def review(
    folder: Annotated[Path, typer.Argument(help=say("review_folder"))],
    host: Annotated[str, typer.Option(help=say("review_host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help=say("review_port"))] = 8030,
    report: Annotated[bool, typer.Option("--report", help=say("review_report"))] = False,
    open: Annotated[bool, typer.Option("--open/--no-open", help=say("review_open"))] = True,
) -> None:
    """Look at a dataset's pictures on a local page, those most worth a look first."""
    if not report:
        _serve(folder, host, port, open)
    from countlab.datasets.review.weak_errors import report as report_of

    print_report(report_of(folder))


def _serve(folder: Path, host: str, port: int, open_browser: bool) -> None:
    """Until Ctrl-C."""
    import webbrowser

    from countlab.serving.foreground import wait_for_interrupt
    from countlab.serving.server_thread import Server, listen
    from countlab.web.review.app import review_app

    key = secrets.token_urlsafe(12)
    app = review_app(folder, key=key)
    server = Server(app, listen(host, port), host)
    address = f"{server.url}/?key={key}"
    print(address)
    note(say("review_running"))
    if open_browser:
        webbrowser.open(address)
    try:
        wait_for_interrupt()
    except KeyboardInterrupt:
        server.stop()


def print_report(found: ReviewReport) -> None:
    from rich.table import Table

    facts = {"reviewed": found.reviewed, "pictures": found.pictures, "unsure": found.unsure}
    stdout_console().print(say("review_progress", **facts))
    if not found.sources:
        return
    table = Table(*words("review_columns"), box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for each in found.sources:
        low, high = each.interval
        share = (
            f"{each.drawn_wrong / each.drawn:.1%} ({low:.1%} – {high:.1%})" if each.drawn else "–"
        )
        judged, drawn = f"{each.wrong}/{each.judged}", f"{each.drawn_wrong}/{each.drawn}"
        table.add_row(each.source, judged, drawn, share)
    stdout_console().print(table)
    for (weak, true), number in found.confused.items():
        stdout_console().print(say("review_confused", number=number, weak=weak, true=true))
    note(say("review_note"))
