"""The names of the commands; each is the function of that name in `countlab.cli.<name>`."""

from __future__ import annotations

from importlib.util import find_spec

from countlab.cli.texts import command_help

COMMANDS = (
    "count", "serve", "evaluate", "selfcheck", "models", "fetch", "collect", "label", "review",
    "explore", "train", "tune", "track", "prune", "data", "quantize", "export", "compare", "verify",
    "publish", "promote", "rollback", "registry", "drift", "history",
    "submit", "grade", "keys", "doctor", "tour", "bench",
)  # fmt: skip
"""In the order in which the help lists them."""


def available_commands() -> list[str]:
    return [name for name in COMMANDS if find_spec(f"countlab.cli.{name}")]


def summary_of(name: str) -> str:
    """The first line of a command's help, without loading the command."""
    text = command_help(name)
    return text.partition("\n")[0] if text else ""
