"""Darknet configuration text: filled from a template, and parsed into sections.

Handles the file format only; needs no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Section:
    """One `[kind]` section and its `key=value` lines."""

    kind: str
    values: dict[str, str]

    def integer(self, key: str, default: int | None = None) -> int:
        """An integer; without a default the key is required."""
        if key not in self.values:
            if default is None:
                raise ValueError(f"[{self.kind}] has no {key}=; add the line to the cfg")
            return default
        return int(self.values[key])

    def number(self, key: str, default: float) -> float:
        """A decimal number."""
        return float(self.values.get(key, default))

    def integers(self, key: str) -> list[int]:
        """Comma-separated integers."""
        return [int(item) for item in self.values[key].split(",")]


def fill_template(
    template: Path, *, classes: int, anchors: Sequence[Sequence[int]], size: int
) -> str:
    """The configuration text of a detector with these labels and anchors.

    It sets no nms_threshold: OpenCV would then apply NMS within each head, and other engines would
    not. The threshold is stored in model.toml instead.
    """
    per_head = len(anchors) // 2
    text = template.read_text(encoding="utf-8")
    values = {
        "{size}": str(size),
        "{filters}": str(per_head * (5 + classes)),
        "{classes}": str(classes),
        "{anchors}": ", ".join(f"{w},{h}" for w, h in anchors),
    }
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def parse_sections(text: str) -> list[Section]:
    """Parse a configuration; the first section must be `[net]`."""
    result: list[Section] = []
    for line_number, raw_line in enumerate(text.splitlines(), start=1):
        line = raw_line.split("#")[0].strip()
        if not line:
            continue
        if line.startswith("["):
            result.append(Section(line.strip("[]"), {}))
        elif "=" in line and result:
            key, value = line.split("=", 1)
            result[-1].values[key.strip()] = value.strip()
        else:
            raise ValueError(
                f"line {line_number} of the cfg is neither [section] nor key=value: {raw_line}"
            )
    if not result or result[0].kind != "net":
        raise ValueError("the cfg does not begin with [net]; it is no Darknet configuration")
    return result
