"""The command `count`: pictures, folders and addresses in; a table, CSV, JSON or Parquet out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.counting import count_pictures
from countlab.cli.counting_many import check_not_given, count_into_files, number_of_workers
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
    output: Annotated[str | None, typer.Option(help=say("count_output"))] = None,
    workers: Annotated[str | None, typer.Option(help=say("count_workers"))] = None,
    shard_rows: Annotated[int | None, typer.Option(min=1, help=say("count_shard_rows"))] = None,
    ray: Annotated[str | None, typer.Option(help=say("count_ray"))] = None,
) -> None:
    """Count the objects in pictures."""
    many = {"--workers": workers, "--shard-rows": shard_rows, "--ray": ray}
    if output is None:
        check_not_given("needs_output", many)
        chosen = chosen_format(format, csv=csv, json=json, ndjson=ndjson)
        raise typer.Exit(
            count_pictures(paths, options, url=url, recursive=recursive, save=save, format=chosen)
        )
    few = {"--url": url, "--save": save, "--format": format, "--csv": csv, "--json": json}
    check_not_given("not_with_output", {**few, "--ndjson": ndjson})
    raise typer.Exit(
        count_into_files(
            paths,
            options,
            output=output,
            recursive=recursive,
            shard_rows=shard_rows,
            workers=number_of_workers(workers),
            ray=ray,
        )
    )
