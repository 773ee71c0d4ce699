"""The Typer app behind `countlab`, for all that is not answered without it."""

from __future__ import annotations

import typer

from countlab import __version__
from countlab.cli.commands import LazyGroup
from countlab.cli.texts import command_help, say

app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"countlab {__version__}")
        raise typer.Exit


@app.callback(help=command_help("countlab"))
def options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help=say("option_version")
    ),
) -> None:
    """Only the options that stand before a command."""
