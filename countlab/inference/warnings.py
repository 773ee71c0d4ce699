"""Warnings: why a count may be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from countlab.findings import Box, CountWarning, Finding
from countlab.imaging.picture import Picture
from countlab.models.alarms import Alarms

_MARGIN = 0.05  # findings this near the confidence come or go with a small change of it


def count_warnings(
    findings: Sequence[Finding], *, picture: Picture, confidence: float, floor: float
) -> tuple[CountWarning, ...]:
    """What was done to the picture, then what is doubtful about these findings in it."""
    warnings = list(picture.warnings)
    at_edge = sum(_touches_edge(finding.box, picture) for finding in findings)
    if at_edge:
        warnings.append(CountWarning("touching_edge", {"number": at_edge}))
    unsure = sum(finding.confidence < confidence + _MARGIN for finding in findings)
    if unsure:
        warnings.append(CountWarning("unsure", {"number": unsure, "margin": _MARGIN}))
    if confidence < floor:
        warnings.append(CountWarning("below_floor", {"floor": floor, "arrived": confidence}))
    return tuple(warnings)


def label_warnings(findings: Sequence[Finding], alarms: Alarms) -> tuple[CountWarning, ...]:
    """Two labels for one thing: named once for each pair of labels."""
    pairs = Counter(
        (finding.label, finding.rival[0])
        for finding in alarms.with_unsure_label(findings)
        if finding.rival
    )
    return tuple(
        CountWarning("label_unsure", {"number": number, "label": label, "other": other})
        for (label, other), number in pairs.most_common()
    )


def _touches_edge(box: Box | None, picture: Picture) -> bool:
    if box is None:
        return False
    return (
        box.left <= 0 or box.top <= 0 or box.right >= picture.width or box.bottom >= picture.height
    )
