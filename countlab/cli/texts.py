"""The terminal's own sentences, `cli_*` in messages.toml, in the terminal's language."""

from __future__ import annotations

from collections.abc import Sequence

from countlab.errors import CountlabError
from countlab.messages import message
from countlab.settings import terminal_language


def say(name: str, /, **facts: object) -> str:
    """The sentence `cli_<name>`; unlike an error's, its facts are never shortened."""
    return _texts(name)[terminal_language()][0].format(**facts)


def command_help(name: str) -> str | None:
    """A command's help: its summary, then details and examples; None where none is written."""
    texts = message(f"cli_help_{name}")
    if texts is None:
        return None
    summary, details = texts[terminal_language()]
    return f"{summary}\n\n{details}".strip()


def words(name: str) -> list[str]:
    """A list of words, such as a table's headings: `cli_<name>`, separated by bars."""
    return [word.strip() for word in say(name).split("|")]


def translated(text: str, list_name: str) -> str:
    """`text` with each English word of a list replaced by the terminal's."""
    english = _texts(list_name)["en"][0].split("|")
    for word, other in zip(english, words(list_name), strict=True):
        text = text.replace(word.strip(), other)
    return text


def _texts(name: str) -> dict[str, list[str]]:
    texts = message(f"cli_{name}")
    if texts is None:
        raise KeyError(name)
    return texts


def error_text(error: CountlabError) -> tuple[str, str]:
    return error.text(terminal_language())


def listed(names: Sequence[object]) -> str:
    return ", ".join(str(name) for name in names)
