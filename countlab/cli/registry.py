"""The command `registry`: which versions there are, and which is the champion."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated

import typer

from countlab.cli.terminal import note, stdout_console
from countlab.cli.texts import say, words
from countlab.settings import Settings


def registry(
    model: Annotated[str | None, typer.Argument(help=say("registered_model"))] = None,
) -> None:
    """List the versions in the registry, and which of them is the champion."""
    from rich.table import Table

    from countlab.models.registry import Registry

    found = Registry(Settings.from_environment())
    names = [model] if model else found.names()
    versions = [version for name in names for version in found.versions(name)]
    if not versions:
        note(say("registry_empty"))
        return
    table = Table(*words("registry_columns"), box=None, pad_edge=False)
    for version in versions:
        made = datetime.fromtimestamp(version.made_at, timezone.utc)
        table.add_row(
            version.name,
            version.number,
            ", ".join(version.aliases),
            made.strftime("%Y-%m-%d %H:%M UTC"),
            version.run_id[:8],
        )
    stdout_console().print(table)
