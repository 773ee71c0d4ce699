"""Wrong usage of a command, said in the terminal's language.

Typer says these things in English only. Its exceptions are known by their names, since some of
its versions bring Click along and others use Click itself.
"""

from __future__ import annotations

import re
from typing import Any

from countlab.cli.help import bounds_text, parameter_names
from countlab.cli.terminal import note, print_failure
from countlab.cli.texts import say, words


def is_usage_error(error: BaseException) -> bool:
    return hasattr(error, "format_message") and getattr(error, "exit_code", None) == 2


def print_usage_error(error: Any) -> None:
    """What was wrong and where the help is; for a command without anything, the help itself."""
    if type(error).__name__ == "NoArgsIsHelpError":
        note(error.format_message())
        return
    context = error.ctx
    hint = say("try_help", command=context.command_path) if context is not None else ""
    print_failure(_detail(error), hint)


def _detail(error: Any) -> str:
    kind = type(error).__name__
    if kind == "NoSuchOption":
        known = ", ".join(sorted(error.possibilities or ()))
        extra = f" {say('did_you_mean', known=known)}" if known else ""
        return say("no_such_option", option=error.option_name) + extra
    if kind == "MissingParameter":
        return say("missing", what=_hint(error).rstrip("."))
    if kind == "BadParameter" and _hint(error):
        return say("bad_value", what=_hint(error), reason=_reason(error))
    if kind == "BadOptionUsage":
        return say("option_needs_value", option=error.option_name)
    found = re.search(r"[Gg]ot unexpected extra argument\S* \((.+)\)", error.message)
    if found:
        return say("too_many_arguments", arrived=found[1])
    if error.message.rstrip(".") == "Missing command":
        return say("missing_command")
    return str(error.message)


def _hint(error: Any) -> str:
    """The parameter as it is typed: `--confidence`, `PATHS...`."""
    if error.param is not None and error.ctx is not None:
        names = parameter_names(error.param, error.ctx)
        return names if error.param.param_type_name == "argument" else names.split(" ")[0]
    return str(error.param_hint or "").replace("'", "")


def _reason(error: Any) -> str:
    """What the parameter takes: its bounds, its choices, or how a moment is written."""
    if error.param is None or error.ctx is None:
        return str(error.message)
    names = parameter_names(error.param, error.ctx)
    if bounds := bounds_text(error.param):
        return say("must_be_number", bounds=bounds)
    if "|" in names:
        return say("must_be_choice", known=names.rpartition(" ")[2].replace("|", ", "))
    if any(word in names for word in words("moment_words")):
        return say("must_be_moment")
    return str(error.message).partition("\n")[0]
