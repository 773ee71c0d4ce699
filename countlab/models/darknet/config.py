"""Parser of Darknet cfg files; errors name the section and its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from countlab.errors import CountlabError
from countlab.system.regular_file import read_regular

_MAX_BYTES = 1_000_000
_RANGES = {
    "filters": (1, 16_384),
    "size": (1, 64),
    "stride": (1, 32),
    "stride_x": (1, 32),
    "stride_y": (1, 32),
    "groups": (1, 16_384),
    "group_id": (0, 16_384),
    "padding": (0, 64),
    "pad": (0, 64),
    "dilation": (1, 64),
    "classes": (1, 20_000),
    "num": (1, 100),
    "output": (1, 100_000),
}


@dataclass(frozen=True)
class Section:
    """One `[section]` of a cfg and the line it starts on."""

    name: str
    line: int
    values: Mapping[str, str] = field(default_factory=dict)

    def number(self, key: str, default: float | None = None) -> float:
        if default is not None and key not in self.values:
            return float(default)
        try:
            return float(self.values[key])
        except (KeyError, ValueError) as reason:
            raise self.error_at(key) from reason

    def integer(self, key: str, default: int | None = None) -> int:
        try:
            return int(self.number(key, default))
        except (OverflowError, ValueError) as reason:  # infinite, or no number
            raise self.error_at(key) from reason

    def numbers(self, key: str) -> list[float]:
        try:
            return [float(part) for part in self.values[key].split(",") if part.strip()]
        except (KeyError, ValueError) as reason:
            raise self.error_at(key) from reason

    def error_at(self, key: str) -> CountlabError:
        """The error for a value that is missing, malformed or not supported."""
        return self.error(f"{key}={self.values.get(key, '')}")

    def error(self, what: str) -> CountlabError:
        return CountlabError("darknet_not_understood", section=self.name, line=self.line, what=what)


def read_config(path: Path) -> list[Section]:
    """The sections, with every number within what networks have."""
    try:
        lines = read_regular(path, max_bytes=_MAX_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as reason:
        raise CountlabError("darknet_not_a_config", path=path) from reason
    sections: list[Section] = []
    values: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if text.startswith("[") and text.endswith("]"):
            values = {}
            sections.append(Section(text[1:-1].strip(), number, values))
        elif "=" in text and sections:
            key, _, value = text.partition("=")
            values[key.strip()] = value.strip()
    if not sections or sections[0].name not in ("net", "network"):
        raise CountlabError("darknet_not_a_config", path=path)
    for section in sections[1:]:
        _check_numbers(section)
    return sections


def _check_numbers(section: Section) -> None:
    """Outside these ranges libraries divide by zero or ask for all memory there is."""
    for key, (lowest, highest) in _RANGES.items():
        if key in section.values and not lowest <= section.integer(key) <= highest:
            raise section.error_at(key)
