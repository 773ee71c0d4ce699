"""The sentences people read when something is wrong or doubtful, in English and Spanish.

They stand side by side in `texts.toml`, so that a translator sees both. This room knows
nothing of what happened; it fills in the facts it is given.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Language = Literal["en", "es"]
_LISTED = 12  # more names than that hide the one that matters


class Text(NamedTuple):
    detail: str
    fix: str


@cache
def table() -> dict[str, dict[str, list[str]]]:
    """All texts by code: `{"unknown_model": {"en": [detail, fix], "es": [detail, fix]}}`."""
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))


def say(code: str, language: Language, facts: Mapping[str, Any]) -> Text:
    """The sentence for a code and what to do about it, with the facts filled in."""
    shown = {name: _shown(value) for name, value in facts.items()}
    detail, fix = table()[code][language]
    return Text(detail.format(**shown), fix.format(**shown))


def pick_language(accept_language: str) -> Language:
    """English, unless Spanish stands before it in an `Accept-Language` header."""
    for choice in accept_language.lower().split(","):
        if choice.strip().startswith("es"):
            return "es"
        if choice.strip().startswith("en"):
            return "en"
    return "en"


def _shown(value: object) -> str:
    """A fact as people read it: lists with commas, numbers with spaces, long input cut short."""
    if isinstance(value, (list, tuple)):
        first = ", ".join(str(item) for item in value[:_LISTED])
        return first if len(value) <= _LISTED else f"{first}, … ({len(value)})"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", "\u202f")
    text = str(value)
    return text if len(text) <= 200 else text[:200] + "…"
