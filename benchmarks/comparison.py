"""Comparison of server responses: findings of several servers, picture by picture.

Every server returns JSON with `findings` of `label`, `confidence` and `box`; timings and other
varying fields are ignored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Findings = list[dict[str, Any]]

_SAME_CONFIDENCE = 1e-4
_SAME_PIXELS = 1


def comparable(body: bytes) -> Any:
    """The findings of a JSON response, or the bytes of a picture."""
    return json.loads(body)["findings"] if body.startswith(b"{") else body


@dataclass(frozen=True)
class Agreement:
    """How a server's findings agree with the reference's over all pictures."""

    pictures: int
    same: int
    """Pictures with the same labels and count, boxes within a pixel, confidences within 1e-4."""
    counts: int
    """Pictures with the same count of each label."""

    def __str__(self) -> str:
        if self.same == self.pictures:
            return "same boxes"
        return f"boxes {self.same}/{self.pictures}, counts {self.counts}/{self.pictures}"


def agreement(responses: list[Findings], reference: list[Findings]) -> Agreement:
    """Compare the findings of each picture with the reference's."""
    pairs = list(zip(responses, reference, strict=True))
    return Agreement(
        pictures=len(pairs),
        same=sum(_same(ours, theirs) for ours, theirs in pairs),
        counts=sum(_labels(ours) == _labels(theirs) for ours, theirs in pairs),
    )


@dataclass(frozen=True)
class ClassAgreement:
    """How often a server names the class that the reference names."""

    pictures: int
    same: int

    def __str__(self) -> str:
        return f"same class {self.same}/{self.pictures}"


def class_agreement(answers: list[Any], reference: list[Any]) -> ClassAgreement:
    """Answers as `classes` gives them."""
    pairs = zip(answers, reference, strict=True)
    return ClassAgreement(len(answers), sum(str(a[0]) == str(b[0]) for a, b in pairs))


def _same(ours: Findings, theirs: Findings) -> bool:
    """Whether each finding has its own counterpart in the other list."""
    remaining = list(theirs)
    for finding in ours:
        counterpart = next((other for other in remaining if _matches(finding, other)), None)
        if counterpart is None:
            return False
        remaining.remove(counterpart)
    return not remaining


def _matches(finding: dict[str, Any], other: dict[str, Any]) -> bool:
    return (
        finding["label"] == other["label"]
        and abs(finding["confidence"] - other["confidence"]) <= _SAME_CONFIDENCE
        and all(
            abs(a - b) <= _SAME_PIXELS for a, b in zip(finding["box"], other["box"], strict=True)
        )
    )


def _labels(findings: Findings) -> list[str]:
    return sorted(finding["label"] for finding in findings)
