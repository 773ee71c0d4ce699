"""Warnings: why a count may be wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from countlab.findings import Box, CountWarning, Finding
from countlab.imaging.picture import Picture
from countlab.messages import InBoth, Language
from countlab.models.alarms import Alarms
from countlab.models.labels import name_of

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


def label_warnings(
    findings: Sequence[Finding], alarms: Alarms, names: Mapping[str, Mapping[str, str]]
) -> tuple[CountWarning, ...]:
    """Two labels for one thing: one warning, with each pair of labels in the model's names."""
    pairs = Counter(
        (finding.label, finding.rival[0])
        for finding in alarms.with_unsure_label(findings)
        if finding.rival
    )
    if not pairs:
        return ()

    def written(language: Language) -> list[str]:
        def name(label: str) -> str:
            return name_of(label, 1, language, names)

        return [f"{number} × {name(a)} / {name(b)}" for (a, b), number in pairs.most_common()]

    return (CountWarning("label_unsure", {"pairs": InBoth(written("en"), written("es"))}),)


def _touches_edge(box: Box | None, picture: Picture) -> bool:
    if box is None:
        return False
    return (
        box.left <= 0 or box.top <= 0 or box.right >= picture.width or box.bottom >= picture.height
    )
