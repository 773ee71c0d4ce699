"""The commands as Typer makes them, each from its own module when it is used.

What a command does is said by `cli_help_<name>` in messages.toml, or by its docstring where there
is no such text.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from countlab.cli.command_list import available_commands, summary_of
from countlab.cli.help import help_text, root_help
from countlab.cli.texts import command_help, say
from countlab.errors import closest_first

_VALUES = {"--track": ("mlflow", "wandb")}
"""Options that may stand without a value, which then is the first of these."""


class Command(TyperCommand):
    """A command whose help is written in the terminal's language."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        written = []
        for word, following in zip(args, [*args, ""][1:], strict=True):
            written.append(word)
            if word in _VALUES and following not in _VALUES[word]:
                written.append(_VALUES[word][0])
        return super().parse_args(ctx, written)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(help_text(self, ctx, self.help or ""))


class CommandGroup(TyperGroup):
    """A group of sub-commands, such as `countlab keys`."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, (found.help or "").partition("\n")[0]) for name, found in commands if found]
        formatter.write(help_text(self, ctx, self.help or "", commands=rows))


class LazyGroup(TyperGroup):
    """`countlab` itself: imports a command's module when the command is used."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return available_commands()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in available_commands():
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = load_command(cmd_name)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """An unknown command is refused with the names that there are, the nearest first."""
        if args and args[0] not in available_commands() and not args[0].startswith("-"):
            known = ", ".join(closest_first(args[0], available_commands()))
            ctx.fail(say("no_such_command", arrived=args[0], known=known))
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        formatter.write(root_help())

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:  # noqa: ARG002
        """Names and summaries alone: each press of Tab starts Python once."""
        names = [name for name in available_commands() if name.startswith(incomplete)]
        return [_completion(name, summary_of(name)) for name in names]


def load_command(name: str) -> Any:
    """One command as Typer makes it from its function, or from its group of sub-commands."""
    declared = getattr(import_module(f"countlab.cli.{name}"), name)
    text = command_help(name)
    if isinstance(declared, typer.Typer):
        group: Any = typer.main.get_command(declared)
        group.name, group.help = name, text or group.help
        return group
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    settings = {"help_option_names": ["-h", "--help"]}
    alone.command(name, cls=Command, help=text, context_settings=settings)(declared)
    return typer.main.get_command(alone)


def _completion(name: str, summary: str) -> Any:
    """Typer's completion item, wherever its version keeps that."""
    item = getattr(import_module("typer.core"), "CompletionItem", None)
    if item is None:
        item = import_module("click.shell_completion").CompletionItem
    return item(name, help=summary)
