"""Comparison of two engines: labels, counts, boxes and confidences on the same picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countlab.findings import Finding, count_by_label
from countlab.imaging.files import read_bytes
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.options import PredictOptions

BOX_TOLERANCE_PX = 1
CONFIDENCE_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Difference:
    """How the second engine's findings differ from the first's in one picture."""

    only_first: tuple[Finding, ...]
    only_second: tuple[Finding, ...]
    box_px: int = 0
    """The largest distance between the same sides of two matched boxes."""
    confidence: float = 0.0
    """The largest difference of two matched confidences."""

    @property
    def same_counts(self) -> bool:
        return count_by_label(self.only_first) == count_by_label(self.only_second)

    @property
    def within_tolerance(self) -> bool:
        """Every finding matched, boxes within a pixel, confidences within 0.0001."""
        all_matched = not self.only_first and not self.only_second
        return (
            all_matched
            and self.box_px <= BOX_TOLERANCE_PX
            and self.confidence <= CONFIDENCE_TOLERANCE
        )


@dataclass(frozen=True)
class EngineComparison:
    """One picture, the predictions of both engines, and their difference."""

    name: str
    predictions: tuple[Prediction, Prediction]
    difference: Difference


def compare_engines(
    path: Path, pipeline: Pipeline, engines: tuple[str, str], *, model: str, confidence: float
) -> EngineComparison:
    data = read_bytes(path)
    first, second = (
        pipeline.predict(data, PredictOptions(engine=engine, model=model, confidence=confidence))
        for engine in engines
    )
    difference = compare_findings(first.findings, second.findings)
    return EngineComparison(str(path), (first, second), difference)


def compare_findings(first: Sequence[Finding], second: Sequence[Finding]) -> Difference:
    """Matches each finding with the nearest of the same label that overlaps it by half."""
    unmatched, pairs, only_first = list(second), [], []
    for finding in first:
        candidates = [
            (distance, abs(finding.confidence - other.confidence), index)
            for index, other in enumerate(unmatched)
            if other.label == finding.label
            if (distance := _box_distance(finding, other)) is not None
        ]
        if candidates:
            distance, _, index = min(candidates)
            pairs.append((distance, finding, unmatched.pop(index)))
        else:
            only_first.append(finding)
    return Difference(
        only_first=tuple(only_first),
        only_second=tuple(unmatched),
        box_px=max((distance for distance, _, _ in pairs), default=0),
        confidence=max((abs(a.confidence - b.confidence) for _, a, b in pairs), default=0.0),
    )


def _box_distance(finding: Finding, other: Finding) -> int | None:
    """The largest distance between the same sides; None where the boxes overlap too little.

    They must have half of the larger box in common. Two findings without a box are at distance 0.
    """
    a, b = finding.box, other.box
    if a is None or b is None:
        return 0 if a is b else None
    common_width = min(a.right, b.right) - max(a.left, b.left)
    common_height = min(a.bottom, b.bottom) - max(a.top, b.top)
    common = max(0, common_width) * max(0, common_height)
    if a != b and 2 * common < max(a.area, b.area):
        return None
    return max(abs(side - other_side) for side, other_side in zip(a, b, strict=True))
