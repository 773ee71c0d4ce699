"""What a server answered, brought into a form in which two answers can be compared.

Every server here answers JSON with `findings` of `label`, `confidence` and `box`; milliseconds
and the like differ from answer to answer and are left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Findings = list[dict[str, Any]]

_SAME_CONFIDENCE = 1e-4
_SAME_PIXELS = 1


def essence(body: bytes) -> Any:
    """The findings of a JSON answer, or the bytes of a picture."""
    return json.loads(body)["findings"] if body.startswith(b"{") else body


@dataclass(frozen=True)
class Agreement:
    """How the findings of one server differ from the reference's, over all pictures."""

    pictures: int
    same: int
    """Pictures with the same labels and count, boxes within a pixel, confidences within 1e-4."""
    counts: int
    """Pictures with the same count of each label."""

    def __str__(self) -> str:
        if self.same == self.pictures:
            return "same boxes"
        return f"boxes {self.same}/{self.pictures}, counts {self.counts}/{self.pictures}"


def agreement(answers: list[Findings], reference: list[Findings]) -> Agreement:
    pairs = list(zip(answers, reference, strict=True))
    return Agreement(
        pictures=len(pairs),
        same=sum(_same(mine, theirs) for mine, theirs in pairs),
        counts=sum(_labels(mine) == _labels(theirs) for mine, theirs in pairs),
    )


def _same(mine: Findings, theirs: Findings) -> bool:
    """Each finding of one has its own partner in the other."""
    left = list(theirs)
    for finding in mine:
        partner = next((other for other in left if _alike(finding, other)), None)
        if partner is None:
            return False
        left.remove(partner)
    return not left


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (
        one["label"] == other["label"]
        and abs(one["confidence"] - other["confidence"]) <= _SAME_CONFIDENCE
        and all(abs(a - b) <= _SAME_PIXELS for a, b in zip(one["box"], other["box"], strict=True))
    )


def _labels(findings: Findings) -> list[str]:
    return sorted(finding["label"] for finding in findings)
