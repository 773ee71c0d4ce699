"""Texts of the pages in English and Spanish, from `strings.toml` and `review_strings.toml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from countlab.messages import Language
from countlab.system.toml import read_toml


@cache
def all_strings(table: str = "strings") -> dict[str, dict[Language, str]]:
    return read_toml(Path(__file__).with_name(f"{table}.toml"))


def strings_in(language: Language, table: str = "strings") -> dict[str, str]:
    """Texts by name; `{placeholders}` in braces are filled in by the page."""
    return {name: texts[language] for name, texts in all_strings(table).items()}
