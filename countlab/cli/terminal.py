"""How the commands speak: results to standard output, everything else to standard error."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from countlab.errors import CountlabError
from countlab.settings import Settings


def results() -> Console:
    return Console(highlight=False)


def remarks() -> Console:
    return Console(stderr=True, highlight=False)


def tell(error: CountlabError, *, about: str = "") -> None:
    """What went wrong and what to do, in the terminal's language; long lines stay whole."""
    detail, fix = error.text(Settings.from_environment().language)
    head = Text.assemble(("Error: ", "bold red"), f"{about}: " if about else "", detail)
    remarks().print(head, soft_wrap=True)
    if fix:
        remarks().print(Text(f"  {fix}"), soft_wrap=True)
