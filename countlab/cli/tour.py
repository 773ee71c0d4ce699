"""The command `tour`: see the lab count pictures whose counts are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.serve import Port
from countlab.cli.texts import say
from countlab.settings import Settings


def tour(
    folder: Annotated[Path, typer.Argument(help=say("tour_folder"))] = Path("images"),
    port: Port = 8000,
    once: Annotated[bool, typer.Option("--once", help=say("tour_once"))] = False,
) -> None:
    """See the lab work: a real server counts a folder of pictures whose counts are known."""
    from countlab.tour import take_tour

    failed = take_tour(folder, port=port, once=once, settings=Settings.from_environment())
    raise typer.Exit(1 if failed else 0)
