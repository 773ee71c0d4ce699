"""`countlab` in the terminal: one file a verb, loaded when it is used.

What is typed most often is answered without taking a command line apart: the list of commands,
and `count` and `history` without options. Typer, which does the rest, takes longer to load than
these take to run.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from countlab.errors import CountlabError

if TYPE_CHECKING:
    from countlab.cli.typer_app import app

__all__ = ["app", "main"]

_DISK_FULL = errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO


def __getattr__(name: str) -> Any:
    """`app`, the Typer app, is there for those who ask for it."""
    if name == "app":
        from countlab.cli.typer_app import app

        return app
    raise AttributeError(f"module 'countlab.cli' has no attribute {name!r}")


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: what a person can mend is said in two lines, never as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Old terminals have no ✓ and no ñ; a server's first line must not wait in a pipe.
            stream.reconfigure(errors="replace", line_buffering=True)
    typed = list(sys.argv[1:] if arguments is None else arguments)
    raise SystemExit(_run(typed))


def _run(typed: list[str]) -> int:
    """The exit status: 0, 1 for what went wrong, 2 for wrong usage, 130 after Ctrl-C."""
    from countlab.cli.terminal import print_error

    try:
        status = _run_without_options(typed)
        return _run_with_typer(typed) if status is None else status
    except CountlabError as error:
        print_error(error)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the results, such as `head`, has seen enough
        _print_no_more()
        return 1
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        _print_no_more()
        path = error.filename or "/dev/stdout"
        print_error(CountlabError("cannot_write", path=path, reason=error.strerror))
        return 1
    except ModuleNotFoundError as error:
        from countlab.extras import missing_extra

        missing = missing_extra(error)
        if missing is None:
            raise
        print_error(missing)
        return 1


def _print_no_more() -> None:
    """What still waits to be printed would fail again when the process ends."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def _run_without_options(typed: list[str]) -> int | None:
    """The status of what needs no command line taken apart; None for all else."""
    command, *rest = typed or [""]
    if typed in (["-h"], ["--help"]):
        from countlab.cli.help import root_help

        print(root_help(), end="")
        return 0
    options = [word for word in rest if word.startswith("-") and word != "-"]
    if command == "count" and rest and not options:
        from countlab.cli.counting import count_pictures
        from countlab.options import PredictOptions

        return count_pictures(rest, PredictOptions())
    if typed == ["history"]:
        from countlab.cli.history_listing import list_history

        list_history()
        return 0
    return None


def _run_with_typer(typed: list[str]) -> int:
    import typer

    from countlab.cli.typer_app import app
    from countlab.cli.usage_errors import is_usage_error, print_usage_error

    command: Any = typer.main.get_command(app)
    try:
        status = command.main(args=typed, prog_name="countlab", standalone_mode=False)
    except CountlabError:
        raise
    except Exception as error:
        if not is_usage_error(error):
            raise
        print_usage_error(error)
        return 2
    return status if isinstance(status, int) else 0
