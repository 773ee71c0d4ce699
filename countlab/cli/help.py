"""The text of `--help`: usage, what the command does, arguments and options with their defaults.

Written here, and not by Typer's own formatter, because that one speaks English only and loads a
Markdown renderer.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from countlab.cli.command_list import available_commands, summary_of
from countlab.cli.texts import command_help, say, translated

Row = tuple[str, str]
_MAX_WIDTH = 100
_NAME_COLUMN = 26  # a longer name gets a line of its own
_TYPE_WORDS = {"str": "TEXT", "int": "INTEGER", "float": "FLOAT", "path": "PATH",
               "datetime": "MOMENT"}  # fmt: skip


def help_text(command: Any, ctx: Any, text: str, *, commands: Sequence[Row] = ()) -> str:
    """The whole help of a command or a group."""
    width = _width()
    sections = [usage(command, ctx), *_paragraphs(text, width)]
    arguments, options = option_rows(command, ctx)
    for heading, rows in (
        ("heading_arguments", arguments),
        ("heading_options", options),
        ("heading_commands", list(commands)),
    ):
        if rows:
            sections.append(f"{say(heading)}:\n{_table(rows, width)}")
    return "\n\n".join(sections) + "\n"


def root_help() -> str:
    """`countlab --help`, which needs no command and no Typer."""
    width = _width()
    usage_line = f"{say('usage')}: countlab {translated('[OPTIONS] COMMAND [ARGS]...', 'metavars')}"
    options = [
        ("--version", say("option_version")),
        ("--install-completion", say("option_install_completion")),
        ("--show-completion", say("option_show_completion")),
        ("-h, --help", say("option_help")),
    ]
    commands = [(name, summary_of(name)) for name in available_commands()]
    sections = [
        usage_line,
        *_paragraphs(command_help("countlab") or "", width),
        f"{say('heading_commands')}:\n{_table(commands, width)}",
        f"{say('heading_options')}:\n{_table(options, width)}",
    ]
    return "\n\n".join(sections) + "\n"


def usage(command: Any, ctx: Any) -> str:
    pieces = (_metavar(piece) for piece in command.collect_usage_pieces(ctx))
    return f"{say('usage')}: {ctx.command_path} {' '.join(pieces)}"


def option_rows(command: Any, ctx: Any) -> tuple[list[Row], list[Row]]:
    """Arguments and options, each with its names and what it means."""
    rows: dict[str, list[Row]] = {"argument": [], "option": []}
    for parameter in command.get_params(ctx):
        record = parameter.get_help_record(ctx)
        if record is not None:
            text = f"{_meaning(parameter)} {_extras(parameter)}".strip()
            rows[parameter.param_type_name].append((parameter_names(parameter, ctx), text))
    return rows["argument"], rows["option"]


def _width() -> int:
    return max(40, min(_MAX_WIDTH, shutil.get_terminal_size().columns))


def parameter_names(parameter: Any, ctx: Any) -> str:
    """`-r, --recursive`, `--model TEXT`, `PATHS...`: as it is typed."""
    record = parameter.get_help_record(ctx)
    written = record[0] if record else str(parameter.name)
    if parameter.param_type_name == "argument":
        return _metavar(written.split(" ")[0])
    written = re.sub(r"<%[^>]*>", "MOMENT", written)
    written = re.sub(r"<(\w+(?:\|\w+)+)>", r"\1", written)
    written = re.sub(r"<(?:list\[)?(\w+)[^>]*>", lambda found: _type_word(found[1]), written)
    return translated(written.replace(" RANGE", ""), "metavars")


def _metavar(piece: str) -> str:
    """`{paths}...`, as some versions of Typer write it, and `PATHS...`, as others do."""
    return translated(piece.strip("{}").replace("}", "").upper(), "metavars")


def _type_word(name: str) -> str:
    return _TYPE_WORDS.get(name, name.upper())


def _meaning(parameter: Any) -> str:
    if parameter.name in ("help", "install_completion", "show_completion"):
        return say(f"option_{parameter.name}")
    return str(parameter.help or "")


def _extras(parameter: Any) -> str:
    """The default, the bounds, and whether the parameter must be given."""
    notes = []
    default = parameter.default
    if isinstance(default, bool | int | float | str | Path | Enum) and default not in (False, ""):
        shown = default.value if isinstance(default, Enum) else default
        if default is not True:
            notes.append(say("default", value=shown))
        elif parameter.secondary_opts:
            notes.append(say("default", value=parameter.opts[0]))
    if bounds := bounds_text(parameter):
        notes.append(bounds)
    if parameter.required:
        notes.append(say("required"))
    return f"[{'; '.join(notes)}]" if notes else ""


def bounds_text(parameter: Any) -> str:
    """`0–1`, `≥ 1`, or nothing."""
    low, high = (_bound(parameter, name) for name in ("min", "max"))
    if low is not None and high is not None:
        return f"{low:g}–{high:g}"
    return "" if low is None else f"≥ {low:g}"


def _bound(parameter: Any, name: str) -> float | None:
    kind = getattr(parameter, "type", None)  # where Typer uses Click, that knows the bounds
    value = getattr(parameter, name, getattr(kind, name, None))
    return value if isinstance(value, int | float) else None


def _paragraphs(text: str, width: int) -> list[str]:
    """Paragraphs wrapped; lines that begin with spaces or a hyphen are examples, and stay."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return [_wrapped(paragraph, width) for paragraph in paragraphs if paragraph.strip()]


def _wrapped(paragraph: str, width: int) -> str:
    lines = [line.replace("`", "") for line in paragraph.splitlines()]
    if any(line.startswith((" ", "- ")) for line in lines):
        return "\n".join(f"  {line.lstrip('- ')}" if line[:1] in " -" else line for line in lines)
    return textwrap.fill(" ".join(line.strip() for line in lines), width)


def _table(rows: Sequence[Row], width: int) -> str:
    column = min(_NAME_COLUMN, max(len(name) for name, _ in rows) + 2)
    lines = []
    for name, text in rows:
        wrapped = textwrap.wrap(text, max(20, width - column - 2)) or [""]
        if len(name) + 2 > column:
            lines.append(f"  {name}")
        else:
            lines.append(f"  {name:<{column}}{wrapped.pop(0)}".rstrip())
        lines += [f"  {'':<{column}}{line}" for line in wrapped]
    return "\n".join(lines)
