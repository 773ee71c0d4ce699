"""The command `verify`: a saved answer checked against its picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from countlab.cli.terminal import stdout_console
from countlab.cli.texts import say, words
from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.system.regular_file import read_regular


def verify(
    receipt: Annotated[Path, typer.Argument(help=say("verify_receipt"))],
    picture: Annotated[Path, typer.Argument(help=say("verify_picture"))],
) -> None:
    """Count a picture again, and say whether the saved answer is still the same."""
    from countlab.inference.pipeline import Pipeline
    from countlab.inference.saved_answers import read_saved
    from countlab.inference.verify import verify

    settings = Settings.from_environment()
    try:
        data = read_regular(picture, max_bytes=settings.max_bytes)
    except (OSError, ValueError) as reason:
        raise CountlabError("no_such_file", path=picture) from reason
    saved = read_saved(receipt, data)
    differences = verify(saved, data, Pipeline(settings))
    table = Table(*words("verify_columns"), box=None, pad_edge=False)
    for difference in differences:
        table.add_row(difference.what, _short(difference.then), _short(difference.now))
    if differences:
        stdout_console().print(table)
    different = any(difference.matters for difference in differences)
    stdout_console().print(say("verify_different" if different else "verify_same"))
    raise typer.Exit(1 if different else 0)


def _short(text: str) -> str:
    """Twelve digits of a hash tell two files apart."""
    return f"{text[:12]}…" if len(text) == 64 and " " not in text else text
