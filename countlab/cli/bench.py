"""The command `bench`: this machine's figures, the classic lab's server beside countlab's."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.terminal import stderr_console, stdout_console
from countlab.errors import CountlabError

_PROJECT = Path(__file__).parents[2]


class Part(str, Enum):
    """What can be measured alone."""

    servers = "servers"
    limit = "limit"
    growth = "growth"
    peers = "peers"


def bench(
    quick: Annotated[
        bool, typer.Option("--quick", help="One model, three servers, under two minutes.")
    ] = False,
    only: Annotated[Part | None, typer.Option(help="Only this part.")] = None,
) -> None:
    """Measure the classic lab's server beside countlab's, on this machine.

    Everything is started here, takes turns, and ends with the command. Tables are printed;
    JSON and plots are written to `benchmarks/results/`. All of it takes about 25 minutes.

    Example: `countlab bench --quick`
    """
    if not (_PROJECT / "benchmarks" / "bench.py").is_file():
        raise CountlabError("no_bench_here")
    if str(_PROJECT) not in sys.path:
        sys.path.insert(0, str(_PROJECT))
    try:
        from benchmarks.bench import run
    except ModuleNotFoundError as missing:
        raise CountlabError("bench_needs_more", missing=missing.name) from missing
    run(stdout_console(), stderr_console(), quick=quick, only=only.value if only else None)
