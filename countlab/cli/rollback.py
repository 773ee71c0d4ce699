"""The command `rollback`: the champion before becomes it again."""

from __future__ import annotations

from typing import Annotated

import typer

from countlab.cli.terminal import note
from countlab.cli.texts import say
from countlab.settings import Settings


def rollback(
    model: Annotated[str, typer.Argument(help=say("registered_model"))],
) -> None:
    """Make the champion before the present one the champion again, at once and without a gate."""
    from countlab.models.registry import Registry

    version = Registry(Settings.from_environment()).roll_back(model)
    note(say("rolled_back", model=model, version=version.number))
