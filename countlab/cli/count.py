"""The command `count`: pictures, folders and patterns in; a table, CSV or JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from countlab.cli.counter import Counted, count_all, http_counter, local_counter
from countlab.cli.options import with_options
from countlab.cli.terminal import print_error, stderr_console, stdout_console
from countlab.errors import CountlabError
from countlab.imaging.files import find_pictures
from countlab.options import PredictOptions
from countlab.settings import Settings


@with_options()
def count(
    paths: Annotated[
        list[str], typer.Argument(help="Pictures, folders, or patterns such as 'images/*.jpg'.")
    ],
    options: PredictOptions,
    url: Annotated[
        str | None, typer.Option(help="Let this server count, instead of this machine.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with every box.")] = False,
) -> None:
    """Count the objects in pictures.

    A picture that cannot be read is told and does not stop the rest; the exit status is then 1.

    Examples:

    - `countlab count images/fruits.jpg`
    - `countlab count images --object orange --confidence 0.7`
    - `countlab count 'photos/**/*.jpg' --csv > counts.csv`
    - `countlab count images --url http://127.0.0.1:8000`
    """
    if csv and json:
        raise typer.BadParameter("--csv and --json are two formats: choose one")
    settings = Settings.from_environment()
    counter = http_counter(url, options, settings) if url else local_counter(options, settings)
    pictures, missing = find_pictures(paths)
    for absent in missing:
        print_error(absent)
    counted = count_all(pictures, counter)
    if json:
        _print_json(counted, settings)
    elif csv:
        _print_csv(counted, options.object)
    elif counted:
        _print_table(counted, options.object)
    raise typer.Exit(1 if missing or any(one.error for one in counted) else 0)


def _print_table(counted: list[Counted], object: str | None) -> None:
    table = Table("picture", "count", "of these", "ms", "doubts", box=None, pad_edge=False)
    table.columns[1].justify = table.columns[3].justify = "right"
    table.columns[0].overflow = "fold"
    for one in counted:
        if one.result is None:
            table.add_row(one.name, "[red]✗", "[red]not counted", "", "")
            continue
        kinds = ", ".join(f"{number} {label}" for label, number in one.result["counts"].items())
        doubts = ", ".join(warning["code"] for warning in one.result["warnings"])
        spent = f"{sum(one.result['milliseconds'].values()):.0f}"
        table.add_row(one.name, _count_of(one.result), kinds or object or "–", spent, doubts)
    stdout_console().print(table)
    done = [one.result for one in counted if one.result]
    if len(done) > 1:
        total = sum(result["count"] for result in done)
        stderr_console().print(f"\n{total} in {len(done)} pictures · model {done[0]['model']}")
    for warning in done[0]["warnings"] if len(counted) == len(done) == 1 else ():
        stderr_console().print(f"\n{warning['detail']}\n  {warning['fix']}", soft_wrap=True)


def _count_of(result: Mapping[str, Any]) -> str:
    """With the likely range, where the model's error was measured: 4 (3–5)."""
    likely = result.get("likely")
    return f"{result['count']} ({likely[0]}–{likely[1]})" if likely else str(result["count"])


def _print_csv(counted: list[Counted], object: str | None) -> None:
    """One line for each label in each picture; the first three columns are those of truth.csv."""
    import csv
    import sys

    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(["file", "object", "count", "model", "confidence", "warnings", "error"])
    for one in counted:
        if one.result is None:
            lines.writerow([one.name, object or "", "", "", "", "", one.error and one.error.code])
            continue
        warnings = " ".join(warning["code"] for warning in one.result["warnings"])
        rest = [one.result["model"], one.result["confidence"], warnings, ""]
        for label, number in (one.result["counts"] or {object or "": 0}).items():
            lines.writerow([one.name, label, number, *rest])


def _print_json(counted: list[Counted], settings: Settings) -> None:
    """The same shape as the answer of /predict/batch."""
    import json

    print(json.dumps({"results": [_entry(one, settings) for one in counted]}, indent=2))


def _entry(one: Counted, settings: Settings) -> dict[str, Any]:
    if one.error is None:
        return {"name": one.name, "result": one.result}
    return {"name": one.name, "problem": _problem(one.error, settings)}


def _problem(error: CountlabError, settings: Settings) -> dict[str, str]:
    detail, fix = error.text(settings.language)
    return {"code": error.code, "detail": detail, "fix": fix}
