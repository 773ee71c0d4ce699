"""Evidence for a count: what the findings themselves say about how sure it is.

A count's likely range is drawn from pictures whose findings looked the same: clear, or doubtful;
and where nothing was counted, by what was found instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from countlab.findings import Finding

Kind = Literal["clear", "doubtful", "nearly", "others", "nothing"]
KINDS: tuple[Kind, ...] = ("clear", "doubtful", "nearly", "others", "nothing")

LOWEST = 0.2  # of the confidences that are looked at: what is below nearly passed nowhere
_SURE = 0.25  # above the confidence asked for, but never more than:
_SUREST = 0.9
_CONFUSED = 0.01  # label_doubt from which on a finding may well be of its next label
_CROWDED = 0.15  # IoU of two boxes: NMS may have dropped a third, or left one too many


@dataclass(frozen=True)
class Evidence:
    """A count and what speaks for it.

    Something counted is `clear` where every finding is far above the confidence, none nearly passed
    and no two boxes overlap; else it is `doubtful`. Nothing counted: one `nearly` passed, `others`
    (things of other labels) were found, or `nothing` at all.
    """

    counted: int
    kind: Kind
    possible: int = 0
    """Where nothing was counted: as many may be there all the same, because they nearly passed, or
    have the label asked for as their next one."""


def evidence(seen: Sequence[Finding], label: str | None, confidence: float) -> Evidence:
    """From everything seen above LOWEST; without a label, of all labels."""
    seen = [finding for finding in seen if finding.confidence > LOWEST]
    of_label = [finding for finding in seen if label in (None, finding.label)]
    found = [finding for finding in of_label if finding.confidence > confidence]
    if found:
        nearly = len(of_label) > len(found)
        doubtful = nearly or _is_weak(found, confidence) or _is_crowded(found)
        return Evidence(len(found), "doubtful" if doubtful else "clear")
    kind: Kind = "nearly" if of_label else "others" if seen else "nothing"
    confused = sum(
        finding.rival is not None and finding.rival[0] == label and finding.label_doubt >= _CONFUSED
        for finding in seen
        if finding.confidence > confidence
    )
    return Evidence(0, kind, possible=max(len(of_label) + confused, min(1, len(seen))))


def _is_weak(found: Sequence[Finding], confidence: float) -> bool:
    return min(finding.confidence for finding in found) < min(confidence + _SURE, _SUREST)


def _is_crowded(found: Sequence[Finding]) -> bool:
    boxes = [finding.box for finding in found if finding.box]
    return any(first.iou(second) > _CROWDED for first, second in combinations(boxes, 2))
