"""How results are printed: one format, however it was asked for."""

from __future__ import annotations

from enum import Enum


class Format(str, Enum):
    """How results are printed."""

    table = "table"
    csv = "csv"
    json = "json"
    ndjson = "ndjson"


def chosen_format(given: Format | None, *, csv: bool, json: bool, ndjson: bool) -> Format:
    """`--csv` is `--format csv`; two different ones are refused."""
    flags = {Format.csv: csv, Format.json: json, Format.ndjson: ndjson}
    chosen = {name for name, wanted in flags.items() if wanted} | ({given} if given else set())
    if len(chosen) > 1:
        import typer

        from countlab.cli.texts import say

        names = ", ".join(sorted(f"--{format.value}" for format in chosen))
        raise typer.BadParameter(say("one_format", names=names))
    return chosen.pop() if chosen else Format.table
