"""The command `bench`: this machine's figures, the classic lab's server beside countlab's."""

from __future__ import annotations

import sys
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from countlab.cli.terminal import stderr_console, stdout_console
from countlab.cli.texts import say
from countlab.errors import CountlabError

_PROJECT = Path(__file__).parents[2]


class Part(str, Enum):
    """What can be measured alone."""

    servers = "servers"
    limit = "limit"
    growth = "growth"
    peers = "peers"
    labs = "labs"
    start = "start"


def bench(
    quick: Annotated[bool, typer.Option("--quick", help=say("bench_quick"))] = False,
    only: Annotated[Part | None, typer.Option(help=say("bench_only"))] = None,
) -> None:
    """Measure the classic lab's server beside countlab's, on this machine."""
    if not (_PROJECT / "benchmarks" / "bench.py").is_file():
        raise CountlabError("no_bench_here")
    if str(_PROJECT) not in sys.path:
        sys.path.insert(0, str(_PROJECT))
    if only is Part.start:
        _module("benchmarks.start").run(stdout_console(), stderr_console(), quick=quick)
        return
    part = only.value if only else None
    _module("benchmarks.bench").run(stdout_console(), stderr_console(), quick=quick, only=part)


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        raise CountlabError("bench_needs_more", missing=missing.name) from missing
