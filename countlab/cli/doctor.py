"""The command `doctor`: what was looked at, and for what is wrong the command that mends it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from countlab.cli.terminal import stdout_console
from countlab.cli.texts import say
from countlab.settings import Settings


def doctor(
    port: Annotated[int, typer.Option(min=1, max=65535, help=say("doctor_port"))] = 8000,
) -> None:
    """Say what is wrong on this machine, and the command that mends it."""
    from countlab.doctor import check_all

    settings, to_mend, console = Settings.from_environment(), 0, stdout_console()
    for check in check_all(settings, port=port, folder=Path.cwd()):
        detail, fix = check.message.text(settings.language)
        mark = ("✓ ", "green") if check.passed else ("✗ ", "bold red")
        console.print(Text.assemble(mark, detail), soft_wrap=True)
        if not check.passed:
            to_mend += 1
            console.print(Text.assemble("  → ", (fix, "bold")), soft_wrap=True)
    raise typer.Exit(1 if to_mend else 0)
