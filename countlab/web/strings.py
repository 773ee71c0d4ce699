"""The words of the page, in English and Spanish; they stand side by side in `texts.toml`."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from countlab.messages import Language

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@cache
def table() -> dict[str, dict[Language, str]]:
    return tomllib.loads(Path(__file__).with_name("strings.toml").read_text(encoding="utf-8"))


def strings_in(language: Language) -> dict[str, str]:
    """All words by name; `{facts}` in braces are filled in where they are shown."""
    return {name: told[language] for name, told in table().items()}
