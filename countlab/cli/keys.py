"""The command `keys`: keys for those who may use a server."""

from __future__ import annotations

from typing import Annotated

import typer

from countlab.cli.commands import Command, CommandGroup
from countlab.cli.terminal import note
from countlab.cli.texts import command_help, say

keys = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@keys.callback()
def _group() -> None:
    """Keeps `new` a command of its own while it is the only one."""


@keys.command(cls=Command, help=command_help("keys_new"))
def new(name: Annotated[str, typer.Argument(help=say("keys_name"))]) -> None:
    """Make a key: it is shown once; the server needs only the line with its hash."""
    from countlab.server.middleware.api_keys import new_key

    key, line = new_key(name)
    note(say("keys_made", name=name, key=key))
    note(say("keys_hand_over"))
    print(line)
