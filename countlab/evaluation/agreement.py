"""Two engines held against each other: do they find the same in the same picture?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countlab.findings import Finding, count_by_label
from countlab.imaging.files import read_bytes
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction

SAME_PIXELS = 1
SAME_CONFIDENCE = 1e-4


@dataclass(frozen=True)
class Difference:
    """What the second engine did otherwise with one picture."""

    only_first: tuple[Finding, ...]
    only_second: tuple[Finding, ...]
    pixels: int = 0
    """The farthest that a side of a box lies from where the first engine has it."""
    confidence: float = 0.0
    """The largest difference of a confidence."""

    @property
    def same_count(self) -> bool:
        return count_by_label(self.only_first) == count_by_label(self.only_second)

    @property
    def none(self) -> bool:
        """Same labels, same count, boxes within a pixel, confidences within 0.0001."""
        found_alike = not self.only_first and not self.only_second
        near = self.pixels <= SAME_PIXELS and self.confidence <= SAME_CONFIDENCE
        return found_alike and near


@dataclass(frozen=True)
class Compared:
    """One picture, what each engine made of it, and the difference."""

    name: str
    predictions: tuple[Prediction, Prediction]
    difference: Difference


def compare_in(
    path: Path, pipeline: Pipeline, engines: tuple[str, str], *, model: str, confidence: float
) -> Compared:
    data = read_bytes(path)
    first, second = (
        pipeline.predict(data, engine=engine, model=model, confidence=confidence)
        for engine in engines
    )
    return Compared(str(path), (first, second), difference(first.findings, second.findings))


def difference(first: Sequence[Finding], second: Sequence[Finding]) -> Difference:
    """Pairs each finding with the nearest of its label; what overlaps none stands alone."""
    left, pairs, alone = list(second), [], []
    for one in first:
        nearest = min(
            (other for other in left if other.label == one.label and _far(one, other) is not None),
            key=lambda other: (_far(one, other), abs(one.confidence - other.confidence)),
            default=None,
        )
        if nearest is None:
            alone.append(one)
        else:
            left.remove(nearest)
            pairs.append((one, nearest))
    return Difference(
        only_first=tuple(alone),
        only_second=tuple(left),
        pixels=max((_far(one, other) or 0 for one, other in pairs), default=0),
        confidence=max((abs(a.confidence - b.confidence) for a, b in pairs), default=0.0),
    )


def _far(one: Finding, other: Finding) -> int | None:
    """The farthest side, for boxes that overlap by half or findings that have none."""
    if one.box is None or other.box is None:
        return 0 if one.box is other.box else None
    wide = min(one.box.right, other.box.right) - max(one.box.left, other.box.left)
    high = min(one.box.bottom, other.box.bottom) - max(one.box.top, other.box.top)
    common = max(0, wide) * max(0, high)
    areas = [(box.right - box.left) * (box.bottom - box.top) for box in (one.box, other.box)]
    if one.box != other.box and 2 * common < max(areas):
        return None
    return max(abs(a - b) for a, b in zip(one.box, other.box, strict=True))
