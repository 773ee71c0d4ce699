"""Parser of Darknet cfg files; errors name the section and its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from countlab.errors import CountlabError


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
        return int(self.number(key, default))

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
    sections: list[Section] = []
    for number, line in enumerate(
        path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
    ):
        text = line.partition("#")[0].strip()
        if text.startswith("[") and text.endswith("]"):
            sections.append(Section(text[1:-1].strip(), number, {}))
        elif "=" in text and sections:
            key, _, value = text.partition("=")
            values = {**sections[-1].values, key.strip(): value.strip()}
            sections[-1] = Section(sections[-1].name, sections[-1].line, values)
    if not sections or sections[0].name not in ("net", "network"):
        raise CountlabError("darknet_not_a_config", path=path)
    return sections
