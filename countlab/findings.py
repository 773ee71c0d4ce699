"""Result types: boxes, findings, and warnings about a count.

Independent of models, files and HTTP.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from countlab.messages import Language, render


class Box(NamedTuple):
    """Pixels of the upright picture; `right` and `bottom` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        """In pixels; 0 where the box ends before it starts."""
        return max(0, self.width) * max(0, self.height)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 to 1; 0 when both boxes are empty."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        intersection = max(0, width) * max(0, height)
        union = self.area + other.area - intersection
        return intersection / union if union > 0 else 0.0

    def clipped(self, width: int, height: int) -> Box:
        """The part of the box within a picture of this size."""
        return Box(
            max(0, min(self.left, width)),
            max(0, min(self.top, height)),
            max(0, min(self.right, width)),
            max(0, min(self.bottom, height)),
        )


@dataclass(frozen=True)
class Finding:
    """One object: its label, the model's confidence and its box (none for a classification)."""

    label: str
    confidence: float
    box: Box | None = None
    rival: tuple[str, float] | None = field(default=None, compare=False)
    """The next label for the same box and its confidence, where the engine tells."""

    @property
    def label_doubt(self) -> float:
        """How near the next label is: 0 where there is none, 1 where both are as likely."""
        return self.rival[1] / self.confidence if self.rival else 0.0

    def clipped(self, width: int, height: int) -> Finding:
        """The same finding with its box cut at the picture's edges."""
        return replace(self, box=self.box and self.box.clipped(width, height))

    def as_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "confidence": round(self.confidence, 6),
            "box": list(self.box) if self.box else None,
        }


@dataclass(frozen=True)
class CountWarning:
    """A reason to check a count; codes and sentences are in `messages.toml`."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self, language: Language = "en") -> dict[str, str]:
        message = render(self.code, language, self.facts)
        return {"code": self.code, "detail": message.detail, "fix": message.fix}


def count_by_label(findings: Iterable[Finding]) -> dict[str, int]:
    """The number of findings of each label, most frequent first."""
    return dict(Counter(finding.label for finding in findings).most_common())
