"""The command `verify`: a saved answer checked against its picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from countlab.cli.terminal import stdout_console
from countlab.errors import CountlabError
from countlab.settings import Settings


def verify(
    receipt: Annotated[
        Path, typer.Argument(help="A receipt, or a whole answer saved as JSON, receipt included.")
    ],
    picture: Annotated[Path, typer.Argument(help="The picture that was counted.")],
) -> None:
    """Count a picture again, and say whether the saved answer is still the same.

    The exit status is 0 when it is, 1 when the picture, a file of the model, the engine or the
    findings differ; each difference is told. A newer version that counts the same is only told.

    Example: `countlab count fruits.jpg --json > answer.json`, and a year later
    `countlab verify answer.json fruits.jpg`
    """
    from countlab.inference.pipeline import Pipeline
    from countlab.inference.verify import read_saved, verify

    try:
        data = picture.read_bytes()
    except OSError as reason:
        raise CountlabError("no_such_file", path=picture) from reason
    saved = read_saved(receipt, data)
    differences = verify(saved, data, Pipeline(Settings.from_environment()))
    table = Table("what differs", "then", "now", box=None, pad_edge=False)
    for difference in differences:
        table.add_row(difference.what, _short(difference.then), _short(difference.now))
    if differences:
        stdout_console().print(table)
    different = any(difference.matters for difference in differences)
    stdout_console().print("Not the same." if different else "Same result.")
    raise typer.Exit(1 if different else 0)


def _short(text: str) -> str:
    """Twelve digits of a hash tell two files apart."""
    return f"{text[:12]}…" if len(text) == 64 and " " not in text else text
