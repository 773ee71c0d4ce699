"""How the commands speak: results to standard output, everything else to standard error."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from countlab.errors import CountlabError
from countlab.settings import terminal_language


def results() -> Console:
    return Console(highlight=False)


def remarks() -> Console:
    return Console(stderr=True, highlight=False)


def warn(doubt: CountlabError) -> None:
    """What is no error but must not be overlooked among the other lines."""
    detail, fix = doubt.text(terminal_language())
    text = Text.assemble((detail, "bold"), "\n", fix)
    remarks().print(Panel(text, title="!!!", border_style="bold red"))


def tell(error: CountlabError, *, about: str = "") -> None:
    """What went wrong and what to do, in the terminal's language; long lines stay whole."""
    detail, fix = error.text(terminal_language())
    head = Text.assemble(("Error: ", "bold red"), f"{about}: " if about else "", detail)
    remarks().print(head, soft_wrap=True)
    if fix:
        remarks().print(Text(f"  {fix}"), soft_wrap=True)
