"""How the commands speak: results to standard output, everything else to standard error."""

from __future__ import annotations

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from countlab.errors import CountlabError
from countlab.settings import terminal_language


def stdout_console() -> Console:
    return Console(highlight=False)


def stderr_console() -> Console:
    return Console(stderr=True, highlight=False)


def print_warning(doubt: CountlabError) -> None:
    """What is no error but must not be overlooked among the other lines."""
    detail, fix = doubt.text(terminal_language())
    text = Text.assemble((detail, "bold"), "\n", fix)
    stderr_console().print(Panel(text, title="!!!", border_style="bold red"))


def print_error(error: CountlabError, *, about: str = "") -> None:
    """What went wrong and what to do, in the terminal's language; long lines stay whole."""
    detail, fix = error.text(terminal_language())
    head = Text.assemble(("Error: ", "bold red"), f"{about}: " if about else "", detail)
    stderr_console().print(head, soft_wrap=True)
    if fix:
        stderr_console().print(Text(f"  {fix}"), soft_wrap=True)
