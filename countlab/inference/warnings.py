"""Why a count may be wrong, told beside it instead of left for the client to find out."""

from __future__ import annotations

from collections.abc import Sequence

from countlab.findings import Box, CountWarning, Finding
from countlab.imaging.picture import Picture

_NARROW = 0.05  # findings this near the confidence asked for come or go with a small change of it


def count_warnings(
    findings: Sequence[Finding], *, picture: Picture, confidence: float, floor: float
) -> tuple[CountWarning, ...]:
    """What was done to the picture, then what is doubtful about these findings in it."""
    doubts = list(picture.doubts)
    touching = sum(_at_edge(finding.box, picture) for finding in findings)
    if touching:
        doubts.append(CountWarning("touching_edge", {"number": touching}))
    unsure = sum(finding.confidence < confidence + _NARROW for finding in findings)
    if unsure:
        doubts.append(CountWarning("unsure", {"number": unsure, "margin": _NARROW}))
    if confidence < floor:
        doubts.append(CountWarning("below_floor", {"floor": floor, "arrived": confidence}))
    return tuple(doubts)


def _at_edge(box: Box | None, picture: Picture) -> bool:
    if box is None:
        return False
    return (
        box.left <= 0 or box.top <= 0 or box.right >= picture.width or box.bottom >= picture.height
    )
