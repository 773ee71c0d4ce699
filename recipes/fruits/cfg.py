"""Darknet's configuration text: filled in, and read into sections.

Owns the file format only; it knows nothing of torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Section:
    """One `[kind]` of a configuration and its `key=value` lines."""

    kind: str
    values: dict[str, str]

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number; without a default the key must be there."""
        if key not in self.values:
            if default is None:
                raise ValueError(f"[{self.kind}] has no {key}=; add the line to the cfg")
            return default
        return int(self.values[key])

    def decimal(self, key: str, default: float) -> float:
        """A decimal number."""
        return float(self.values.get(key, default))

    def list(self, key: str) -> list[int]:
        """Whole numbers separated by commas."""
        return [int(part) for part in self.values[key].split(",")]


def fill(template: Path, *, classes: int, anchors: Sequence[Sequence[int]], size: int) -> str:
    """The configuration text of a detector with these labels and anchors.

    It says no nms_threshold: OpenCV would thin the boxes of each head by it, and other engines
    would not. The threshold stands in model.toml, for whoever asks.
    """
    per_head = len(anchors) // 2
    text = template.read_text(encoding="utf-8")
    known = {
        "{size}": str(size),
        "{filters}": str(per_head * (5 + classes)),
        "{classes}": str(classes),
        "{anchors}": ", ".join(f"{w},{h}" for w, h in anchors),
    }
    for mark, value in known.items():
        text = text.replace(mark, value)
    return text


def sections(text: str) -> list[Section]:
    """Read a configuration; the first section must be `[net]`."""
    found: list[Section] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("#")[0].strip()
        if not line:
            continue
        if line.startswith("["):
            found.append(Section(line.strip("[]"), {}))
        elif "=" in line and found:
            key, value = line.split("=", 1)
            found[-1].values[key.strip()] = value.strip()
        else:
            raise ValueError(f"line {number} of the cfg is neither [section] nor key=value: {raw}")
    if not found or found[0].kind != "net":
        raise ValueError("the cfg does not begin with [net]; it is no Darknet configuration")
    return found
