"""TOML written from plain values: tables, lists, text, numbers, truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def toml_text(values: Mapping[str, Any], path: str = "") -> str:
    """Values first, tables after them, as TOML wants it."""
    plain = [f"{_key(k)} = {_value(v)}" for k, v in values.items() if not _is_table(v)]
    text = "\n".join(plain) + ("\n" if plain else "")
    for name, table in values.items():
        if _is_table(table):
            inner = f"{path}.{_key(name)}" if path else _key(name)
            text += f"\n[{inner}]\n{toml_text(table, inner)}"
    return text


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and not isinstance(value, Inline)


class Inline(dict[str, Any]):
    """A table that stands on one line."""


def _key(name: str) -> str:
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isalnum() and plain.isascii() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, Inline):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    return json.dumps(value, ensure_ascii=False)
