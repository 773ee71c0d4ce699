"""What was found in a picture: labels, confidences, boxes, counts, and doubts about a count.

Knows nothing of models, files or HTTP.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from countlab.messages import Language, say


class Box(NamedTuple):
    """Pixels of the upright picture; right and bottom are where the box ends."""

    left: int
    top: int
    right: int
    bottom: int

    def inside(self, width: int, height: int) -> Box:
        return Box(
            max(0, min(self.left, width)),
            max(0, min(self.top, height)),
            max(0, min(self.right, width)),
            max(0, min(self.bottom, height)),
        )


@dataclass(frozen=True)
class Finding:
    """One object: a label, how sure the model is, and where (nowhere for a classification)."""

    label: str
    confidence: float
    box: Box | None = None

    def inside(self, width: int, height: int) -> Finding:
        """Boxes may stick out of the picture; nobody can use that part."""
        return replace(self, box=self.box and self.box.inside(width, height))

    def as_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "confidence": round(self.confidence, 6),
            "box": list(self.box) if self.box else None,
        }


@dataclass(frozen=True)
class CountWarning:
    """A reason to look twice at a count; the codes and sentences stand in `texts.toml`."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self, language: Language = "en") -> dict[str, str]:
        text = say(self.code, language, self.facts)
        return {"code": self.code, "detail": text.detail, "fix": text.fix}


def count_by_label(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each label, the most frequent first."""
    return dict(Counter(finding.label for finding in findings).most_common())
