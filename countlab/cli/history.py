"""The command `history`: what was counted on this machine, as a table, CSV or JSON."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from countlab.cli.terminal import stderr_console, stdout_console
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


def history(
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=_FORMATS, help="Not before this moment (UTC)."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=_FORMATS, help="Before this moment (UTC).")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Counted by this model.")] = None,
    object: Annotated[str | None, typer.Option(help="This label was asked for or found.")] = None,
    key: Annotated[str | None, typer.Option(help="Asked with the key of this name.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many; --csv gives all.")] = 20,
    csv: Annotated[bool, typer.Option("--csv", help="Print all of it as CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, receipts included.")] = False,
) -> None:
    """List what the server counted, the newest first.

    Reads the database that `countlab serve` writes; the server need not run.

    Examples:

    - `countlab history --object orange --from 2026-11-01`
    - `countlab history --csv > counted.csv`
    """
    from countlab.history import HistoryFilter

    if csv and json:
        raise typer.BadParameter("--csv and --json are two formats: choose one")
    wanted = HistoryFilter(_utc(since), _utc(until), model, object, key)
    pages = _pages(wanted, limit=None if csv else limit)
    if csv:
        _print_csv(pages)
    elif json:
        _print_json(pages)
    else:
        _print_table(pages)


def _pages(wanted: Any, *, limit: int | None) -> Iterator[list[dict[str, Any]]]:
    from sqlalchemy.exc import SQLAlchemyError

    from countlab.history import Database, find_page, find_pages

    database = Database.from_settings(Settings.from_environment())
    try:
        database.prepare()
        if limit is None:
            yield from find_pages(database.engine, wanted)
        else:
            yield find_page(database.engine, wanted, limit=limit)
    except (SQLAlchemyError, OSError) as reason:
        raise CountlabError("history_away") from reason
    finally:
        database.close()


def _utc(moment: datetime | None) -> datetime | None:
    from datetime import timezone

    return moment and moment.replace(tzinfo=timezone.utc)


def _print_table(pages: Iterator[list[dict[str, Any]]]) -> None:
    table = Table("time (UTC)", "count", "of these", "model", "key", "warnings", box=None)
    table.columns[1].justify = "right"
    for page in pages:
        for row in page:
            kinds = ", ".join(f"{number} {label}" for label, number in row["counts"].items())
            moment = row["time"].strftime("%Y-%m-%d %H:%M:%S")
            told = kinds or row["object"] or "–"
            about = row["key_name"] or "", " ".join(row["warnings"])
            table.add_row(moment, str(row["count"]), told, row["model"], *about)
    if table.rows:
        stdout_console().print(table)
    else:
        stderr_console().print("Nothing was counted yet, or nothing that fits.")


def _print_csv(pages: Iterator[list[dict[str, Any]]]) -> None:
    import csv
    import sys

    from countlab.history import CSV_COLUMNS, as_csv_row

    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(CSV_COLUMNS)
    for page in pages:
        lines.writerows(as_csv_row(row) for row in page)


def _print_json(pages: Iterator[list[dict[str, Any]]]) -> None:
    import json

    from countlab.history import as_json

    print(json.dumps({"rows": [as_json(row) for page in pages for row in page]}, indent=2))
