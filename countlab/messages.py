"""The sentences people read about errors and warnings, in English and Spanish.

`messages.toml` holds both languages side by side, so that a translator sees both.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

if sys.version_info >= (3, 11):  # not `system.toml`: this module is below `system`
    import tomllib
else:
    import tomli as tomllib

Language = Literal["en", "es"]
_MAX_ITEMS = 12  # in a longer list the name that matters is lost
_MAX_CHARACTERS = 200


class Text(NamedTuple):
    detail: str
    fix: str


@cache
def message_table() -> dict[str, dict[str, list[str]]]:
    """All messages by code: `{"unknown_model": {"en": [detail, fix], "es": [detail, fix]}}`."""
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))


def render(code: str, language: Language, facts: Mapping[str, Any]) -> Text:
    """The sentence of a code and how to fix it, with the facts filled in."""
    values = {name: _format_fact(value) for name, value in facts.items()}
    detail, fix = message_table()[code][language]
    return Text(detail.format(**values), fix.format(**values))


def pick_language(accept_language: str) -> Language:
    """English, unless Spanish comes before it in an `Accept-Language` header."""
    for choice in accept_language.lower().split(","):
        if choice.strip().startswith("es"):
            return "es"
        if choice.strip().startswith("en"):
            return "en"
    return "en"


def _format_fact(value: object) -> str:
    """Lists with commas, integers with narrow spaces, long text truncated."""
    if isinstance(value, (list, tuple)):
        items = ", ".join(str(item) for item in value[:_MAX_ITEMS])
        return items if len(value) <= _MAX_ITEMS else f"{items}, … ({len(value)})"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", "\u202f")
    text = str(value)
    return text if len(text) <= _MAX_CHARACTERS else text[:_MAX_CHARACTERS] + "…"
