"""Merging: an object found in several views of a picture counts once.

The first view is that of the whole picture, the others are those of its tiles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from countlab.findings import Box, Finding

_SAME_PLACE = 0.4  # IoU: the same object, whatever its labels
_CONTAINED = 0.6  # share of the smaller box inside the larger: the same object if the labels agree
_PART = 0.25  # of a box's area: what is smaller only lies in front of it or behind it
_Array = NDArray[np.float64]


class SizeRange(NamedTuple):
    """Lengths in picture pixels at which a pass over the whole picture sees an object."""

    barely: float
    clearly: float

    def weight(self, box: Box) -> float:
        """How much that pass is trusted: not at all at `barely`, alone from `clearly` on."""
        return min(max((length(box) - self.barely) / (self.clearly - self.barely), 0), 1)


def length(box: Box) -> int:
    return max(box.width, box.height)


def weigh(
    findings: Sequence[Finding], whole: Sequence[Finding], visible: SizeRange
) -> list[Finding]:
    """A tile's findings, their confidence averaged with that of the whole picture's pass.

    An object that the whole picture shows clearly needs no tile, which may take a patch for one.
    """
    boxes = _array(whole)
    weighed = []
    for finding in findings:
        weight = visible.weight(finding.box) if finding.box else 1
        if 0 < weight < 1:
            iou, _ = _overlaps(np.array(finding.box, float), boxes)
            same = np.flatnonzero(iou > _SAME_PLACE).tolist()
            confidence = max((whole[index].confidence for index in same), default=0)
            finding = replace(
                finding, confidence=(1 - weight) * finding.confidence + weight * confidence
            )
        if weight < 1:
            weighed.append(finding)
    return weighed


def merge(views: list[list[Finding]], *, settled: float = math.inf) -> list[Finding]:
    """Each object once, as the surest view has it, the surest object first.

    Two findings of one view are two objects: the engine has settled that. What the first view
    has that is longer than `settled` gives way to nothing.
    """
    candidates = [(finding, view) for view, findings in enumerate(views) for finding in findings]
    candidates.sort(
        key=lambda candidate: (
            candidate[1] > 0 or not _longer(candidate[0], settled),
            -candidate[0].confidence,
        )
    )
    boxes = _array([finding for finding, _ in candidates])
    view_of = np.array([view for _, view in candidates])
    labels = np.array([finding.label for finding, _ in candidates])
    kept: list[int] = []
    for index in range(len(candidates)):
        iou, contained = _overlaps(boxes[index], boxes[kept])
        same_label = labels[kept] == labels[index]
        same_object = (iou > _SAME_PLACE) | ((contained > _CONTAINED) & same_label)
        if not np.any(same_object & (view_of[kept] != view_of[index])):
            kept.append(index)
    return sorted((candidates[index][0] for index in kept), key=lambda item: -item.confidence)


def _longer(finding: Finding, settled: float) -> bool:
    return finding.box is not None and length(finding.box) > settled


def _array(findings: Sequence[Finding]) -> _Array:
    return np.array([finding.box or (0, 0, 0, 0) for finding in findings], float).reshape(-1, 4)


def _overlaps(box: _Array, others: _Array) -> tuple[_Array, _Array]:
    """IoU with each other box, and the share of the smaller one inside if it may be a part."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    shared = width.clip(0) * height.clip(0)
    area = (box[2] - box[0]) * (box[3] - box[1])
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    smaller, larger = np.minimum(area, areas), np.maximum(area, areas)
    contained = shared / np.maximum(smaller, 1) * (smaller >= _PART * larger)
    return shared / np.maximum(area + areas - shared, 1), contained
