"""`countlab keys`: keys for those who may use a server."""

from __future__ import annotations

from typing import Annotated

import typer

from countlab.cli.terminal import stderr_console

keys = typer.Typer(help="Make keys for those who may use a server.", no_args_is_help=True)


@keys.callback()
def _group() -> None:
    """Keeps `new` a command of its own while it is the only one."""


@keys.command()
def new(
    name: Annotated[str, typer.Argument(help="Who it is for: the history and the logs show it.")],
) -> None:
    """Make a key: it is shown once; the server needs only the line with its hash.

    Examples:

    - `countlab keys new classroom >> keys.txt`, then
      `COUNTLAB_API_KEYS_FILE=keys.txt countlab serve`
    """
    from countlab.server.middleware.api_keys import new_key

    key, line = new_key(name)
    stderr_console().print(f"Key for {name}: {key}", soft_wrap=True, markup=False)
    stderr_console().print(
        "Hand it over; it is kept nowhere. For COUNTLAB_API_KEYS_FILE:", soft_wrap=True
    )
    print(line)
