"""Consoles of the commands: results on standard output, everything else on standard error.

Rich is imported when something is printed with it: a table of counts needs none.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from countlab.errors import CountlabError
from countlab.settings import terminal_language

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


def stdout_console() -> Console:
    """Text stays text: names of files, labels and models may hold square brackets."""
    from rich.console import Console

    return Console(highlight=False, markup=False)


def stderr_console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False)


def note(text: str) -> None:
    """A line beside the results: whole, and on standard error."""
    print(text, file=sys.stderr)


def progress_bar() -> Progress:
    """A bar on standard error that leaves nothing behind; none where nobody watches."""
    from rich.progress import Progress

    console = stderr_console()
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def print_warning(warning: CountlabError) -> None:
    """What is no error but must not be overlooked among the other lines."""
    from rich.panel import Panel
    from rich.text import Text

    detail, fix = warning.text(terminal_language())
    text = Text.assemble((detail, "bold"), "\n", fix)
    stderr_console().print(Panel(text, title="!!!", border_style="bold red"))


def print_error(error: CountlabError, *, about: str = "") -> None:
    """What went wrong and what to do, in the terminal's language; long lines stay whole."""
    detail, fix = error.text(terminal_language())
    print_failure(f"{about}: {detail}" if about else detail, fix)


def print_failure(detail: str, fix: str = "") -> None:
    from rich.text import Text

    head = Text.assemble(("Error: ", "bold red"), detail)
    stderr_console().print(head, soft_wrap=True)
    if fix:
        stderr_console().print(Text(f"  {fix}"), soft_wrap=True)
