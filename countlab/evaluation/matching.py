"""Which findings are right: by their boxes where those are known, else by their rank."""

from __future__ import annotations

from collections import Counter

from countlab.evaluation.ground_truth import TrueBox
from countlab.evaluation.run import EvaluatedPicture
from countlab.findings import Box

_ENOUGH = 0.5  # share of the two boxes' union that they have in common


def match_findings(seen: EvaluatedPicture) -> list[tuple[float, bool]]:
    """Confidence and rightness of each finding whose label is judged; a true object answers once.

    Without boxes, as many of the surest as there are objects are taken to be right.
    """
    left = [_in_pixels(box, seen) for box in seen.known.boxes or ()]
    missing = Counter(seen.known.counts)
    told = []
    for finding in sorted(seen.findings, key=lambda finding: -finding.confidence):
        if finding.label not in seen.known.counts:
            continue
        if seen.known.boxes is None or finding.box is None:
            right = missing[finding.label] > 0
            missing[finding.label] -= 1
        else:
            mine = [(overlap(finding.box, box), place) for place, (label, box) in enumerate(left)
                    if label == finding.label]  # fmt: skip
            best, place = max(mine, default=(0.0, 0))
            right = best >= _ENOUGH
            if right:
                left.pop(place)
        told.append((finding.confidence, right))
    return told


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = max(0, across) * max(0, down)
    areas = [(box.right - box.left) * (box.bottom - box.top) for box in (one, other)]
    return shared / max(1, sum(areas) - shared)


def _in_pixels(box: TrueBox, seen: EvaluatedPicture) -> tuple[str, Box]:
    across, down = seen.width, seen.height
    sides = box.left * across, box.top * down, box.right * across, box.bottom * down
    return box.label, Box(*(round(side) for side in sides))
