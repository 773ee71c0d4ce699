"""The command `count`: pictures, folders and patterns in; a table, CSV or JSON out."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from countlab.asked import Asked
from countlab.cli.engine import Engine
from countlab.cli.pictures import Asker, Counted, count_all, find_pictures, locally, over_http
from countlab.cli.terminal import print_error, stderr_console, stdout_console
from countlab.errors import CountlabError
from countlab.settings import Settings


def count(
    paths: Annotated[
        list[str], typer.Argument(help="Pictures, folders, or patterns such as 'images/*.jpg'.")
    ],
    model: Annotated[str | None, typer.Option(help="A name from `countlab models`.")] = None,
    confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Only what the model is surer of counts.")
    ] = 0.5,
    object: Annotated[
        str | None, typer.Option(help="Count only this label, for example orange.")
    ] = None,
    nms: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Of two boxes that overlap more, the surer one stays; the model's own value "
            "if left out.",
        ),
    ] = None,
    engine: Engine = None,
    tiles: Annotated[
        str,
        typer.Option(
            help="Many small objects in a large picture: look at overlapping tiles too. off, "
            "auto (where it helps), or how many along the longer side (2 to 8)."
        ),
    ] = "off",
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
    asked = Asked(model=model, engine=engine, confidence=confidence, nms=nms, tiles=tiles)
    ask: Asker = (
        over_http(url, asked, object, settings) if url else locally(asked, object, settings)
    )
    pictures, missing = find_pictures(paths)
    for absent in missing:
        print_error(absent)
    counted = count_all(pictures, ask)
    if json:
        _print_json(counted, settings)
    elif csv:
        _print_csv(counted, object)
    elif counted:
        _print_table(counted, object)
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


def _count_of(result: dict[str, Any]) -> str:
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
