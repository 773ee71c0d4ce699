"""The command `tour`: see the lab count pictures whose counts are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.serve import Port
from countlab.settings import Settings


def tour(
    folder: Annotated[
        Path, typer.Argument(help="Pictures, and a truth.csv with file, object, count.")
    ] = Path("images"),
    port: Port = 8000,
    once: Annotated[bool, typer.Option("--once", help="Leave after the table.")] = False,
) -> None:
    """See the lab work: a real server counts a folder of pictures whose counts are known.

    Prints the truth beside what was counted, writes the pictures with boxes to
    `images_counted/`, and keeps serving until Ctrl-C. This is what `make run` does.

    Examples:

    - `countlab tour`
    - `countlab tour my_pictures --port 9000 --once`
    """
    from countlab.tour import take_tour

    failed = take_tour(folder, port=port, once=once, settings=Settings.from_environment())
    raise typer.Exit(1 if failed else 0)
