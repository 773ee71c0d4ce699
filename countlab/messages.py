"""The sentences people read about errors and warnings, in English and Spanish.

`messages.toml` holds both languages side by side, so that a translator sees both.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

if sys.version_info >= (3, 11):  # not `system.toml`: this module is below `system`
    import tomllib
else:
    import tomli as tomllib

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")
_NOT_VISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but tab and line feed; those that turn the direction of text; surrogates."""
_MAX_ITEMS = 12  # in a longer list the name that matters is lost
_MAX_CHARACTERS = 200


class InBoth(NamedTuple):
    """A fact that reads differently in each language, such as names of labels."""

    en: Any
    es: Any


class Text(NamedTuple):
    detail: str
    fix: str


@cache
def message_table() -> dict[str, dict[str, list[str]]]:
    """All messages by code: `{"unknown_model": {"en": [detail, fix], "es": [detail, fix]}}`."""
    return tomllib.loads(_source())


@lru_cache(maxsize=1024)
def message(code: str) -> dict[str, list[str]] | None:
    """One message, parsed alone: to parse all of them takes longer than many a command."""
    block = _blocks().get(code)
    return None if block is None else tomllib.loads(block)


@cache
def _blocks() -> dict[str, str]:
    """What stands below each `[code]`; a test holds this against the whole file."""
    _, *parts = re.split(r"^\[(\w+)\]$", _source(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _source() -> str:
    return Path(__file__).with_name("messages.toml").read_text(encoding="utf-8")


def render(code: str, language: Language, facts: Mapping[str, Any]) -> Text:
    """The sentence of a code and how to fix it, with the facts filled in."""
    values = {name: _format_fact(value, language) for name, value in facts.items()}
    texts = message(code)
    if texts is None:
        raise KeyError(code)
    detail, fix = texts[language]
    return Text(detail.format(**values), fix.format(**values))


def pick_language(accept_language: str) -> Language:
    """English, unless Spanish comes before it in an `Accept-Language` header."""
    for choice in accept_language.lower().split(","):
        if choice.strip().startswith("es"):
            return "es"
        if choice.strip().startswith("en"):
            return "en"
    return "en"


def _format_fact(value: object, language: Language) -> str:
    """Lists with commas, numbers as the language writes them, long text truncated; nothing that
    does something to a terminal, or cannot be written as UTF-8, such as some names of files."""
    if isinstance(value, InBoth):
        return _format_fact(getattr(value, language), language)
    if isinstance(value, (list, tuple)):
        items = ", ".join(_visible(str(item)) for item in value[:_MAX_ITEMS])
        return items if len(value) <= _MAX_ITEMS else f"{items}, … ({len(value)})"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", "\u202f")
    if isinstance(value, float) and language == "es":
        return str(value).replace(".", ",")
    text = _visible(str(value)[: _MAX_CHARACTERS + 1])
    return text if len(text) <= _MAX_CHARACTERS else text[:_MAX_CHARACTERS] + "…"


def _visible(text: str) -> str:
    return _NOT_VISIBLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
