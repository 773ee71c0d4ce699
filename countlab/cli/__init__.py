"""`countlab` in the terminal: one file for each group of commands, texts and tables only.

Everything heavy is imported inside the commands, so that `countlab --help` answers at once.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import typer

from countlab import __version__
from countlab.cli.bench import bench
from countlab.cli.compare import compare
from countlab.cli.count import count
from countlab.cli.doctor import doctor
from countlab.cli.evaluate import evaluate
from countlab.cli.export import export
from countlab.cli.fetch import fetch
from countlab.cli.history import history
from countlab.cli.keys import keys
from countlab.cli.models import models
from countlab.cli.quantize import quantize
from countlab.cli.selfcheck import selfcheck
from countlab.cli.serve import serve
from countlab.cli.terminal import print_error
from countlab.cli.tour import tour
from countlab.cli.verify import verify
from countlab.errors import CountlabError
from countlab.extras import missing_extra

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
for command in (
    count,
    serve,
    evaluate,
    selfcheck,
    models,
    fetch,
    doctor,
    compare,
    export,
    quantize,
    bench,
    history,
    verify,
    tour,
):
    app.command()(command)
app.add_typer(keys, name="keys")


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
        print_error(error)
        raise SystemExit(1) from None
    except ModuleNotFoundError as error:
        missing = missing_extra(error)
        if missing is None:
            raise
        print_error(missing)
        raise SystemExit(1) from None
