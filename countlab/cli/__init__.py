"""`countlab` in the terminal: one file for each group of commands, texts and tables only.

Everything heavy is imported inside the commands, so that `countlab --help` answers at once.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import typer

from countlab import __version__
from countlab.cli import (
    benching,
    checking,
    comparing,
    converting,
    counting,
    evaluating,
    keys,
    models,
    past,
    selfchecking,
    servers,
    verifying,
)
from countlab.cli.terminal import tell
from countlab.errors import CountlabError

app = typer.Typer(
    help="""Count objects in pictures, here or over HTTP.

    `countlab count images/fruits.jpg` counts on this machine, `countlab serve` lets others send
    pictures, `countlab doctor` says what is wrong when something is.""",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(counting.count)
app.command()(servers.serve)
app.command()(evaluating.evaluate)
app.command()(selfchecking.selfcheck)
app.command()(models.models)
app.command()(models.fetch)
app.command()(checking.doctor)
app.command()(comparing.compare)
app.command()(converting.export)
app.command()(converting.quantize)
app.command()(benching.bench)
app.command()(past.history)
app.command()(verifying.verify)
app.command()(servers.tour)
app.add_typer(keys.keys, name="keys")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"countlab {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Only the options that stand before a command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: what a person can mend is told in two lines, never as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Old terminals have no ✓ and no ñ; a server's first line must not wait in a pipe.
            stream.reconfigure(errors="replace", line_buffering=True)
    try:
        app(args=None if arguments is None else list(arguments), prog_name="countlab")
    except CountlabError as error:
        tell(error)
        raise SystemExit(1) from None
