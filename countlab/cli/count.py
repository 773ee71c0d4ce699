"""The command `count`: pictures, folders and addresses in; a table, CSV or JSON out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.counting import count_pictures
from countlab.cli.formats import Format, chosen_format
from countlab.cli.options import with_options
from countlab.cli.texts import say
from countlab.options import PredictOptions


@with_options()
def count(
    paths: Annotated[list[str], typer.Argument(help=say("count_paths"))],
    options: PredictOptions,
    url: Annotated[str | None, typer.Option(help=say("count_url"))] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help=say("count_recursive"))
    ] = False,
    save: Annotated[Path | None, typer.Option(help=say("count_save"))] = None,
    format: Annotated[Format | None, typer.Option(help=say("count_format"))] = None,
    csv: Annotated[bool, typer.Option("--csv", help=say("count_csv"))] = False,
    json: Annotated[bool, typer.Option("--json", help=say("count_json"))] = False,
    ndjson: Annotated[bool, typer.Option("--ndjson", help=say("count_ndjson"))] = False,
) -> None:
    """Count the objects in pictures."""
    chosen = chosen_format(format, csv=csv, json=json, ndjson=ndjson)
    status = count_pictures(paths, options, url=url, recursive=recursive, save=save, format=chosen)
    raise typer.Exit(status)
