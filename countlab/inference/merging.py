"""One object in several views of a picture counts once. Knows boxes and labels, no pixels.

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

_SAME_PLACE = 0.4  # shared part of both boxes together: one object, whatever its labels
_CONTAINED = 0.6  # shared part of the smaller box: one object where the labels agree
_PART = 0.25  # of a box's area: what is smaller only lies before or behind it
_Numbers = NDArray[np.float64]


class Sight(NamedTuple):
    """How long objects are, in the picture's pixels, that the look at all of it sees."""

    hardly: float
    well: float

    def weight(self, box: Box) -> float:
        """What that look's word is worth: nothing at `hardly`, everything from `well` on."""
        return min(max((length(box) - self.hardly) / (self.well - self.hardly), 0), 1)


def length(box: Box) -> int:
    return max(box.right - box.left, box.bottom - box.top)


def weigh(found: Sequence[Finding], whole: Sequence[Finding], sight: Sight) -> list[Finding]:
    """A tile's findings, each as sure as it and the whole look are on average, by their weight.

    An object that the whole look sees well needs no closer look, which may take a patch for one.
    """
    boxes = _array(whole)
    weighed = []
    for finding in found:
        weight = sight.weight(finding.box) if finding.box else 1
        if 0 < weight < 1:
            together, _ = _shared(np.array(finding.box, float), boxes)
            seen = (
                whole[one].confidence for one in np.flatnonzero(together > _SAME_PLACE).tolist()
            )
            sure = (1 - weight) * finding.confidence + weight * max(seen, default=0)
            finding = replace(finding, confidence=sure)
        if weight < 1:
            weighed.append(finding)
    return weighed


def merge(views: list[list[Finding]], *, settled: float = math.inf) -> list[Finding]:
    """Each object once, as the surest view has it, the surest object first.

    Two findings of one view are two objects: the engine has settled that. What the first view
    has that is longer than `settled` gives way to nothing.
    """
    seen = [(finding, view) for view, found in enumerate(views) for finding in found]
    seen.sort(key=lambda one: (one[1] > 0 or not _longer(one[0], settled), -one[0].confidence))
    boxes = _array([finding for finding, _ in seen])
    of_view = np.array([view for _, view in seen])
    labels = np.array([finding.label for finding, _ in seen])
    kept: list[int] = []
    for one in range(len(seen)):
        together, contained = _shared(boxes[one], boxes[kept])
        same = (together > _SAME_PLACE) | ((contained > _CONTAINED) & (labels[kept] == labels[one]))
        if not np.any(same & (of_view[kept] != of_view[one])):
            kept.append(one)
    return sorted((seen[one][0] for one in kept), key=lambda finding: -finding.confidence)


def _longer(finding: Finding, settled: float) -> bool:
    return finding.box is not None and length(finding.box) > settled


def _array(findings: Sequence[Finding]) -> _Numbers:
    return np.array([one.box or (0, 0, 0, 0) for one in findings], float).reshape(-1, 4)


def _shared(box: _Numbers, others: _Numbers) -> tuple[_Numbers, _Numbers]:
    """What a box shares with others: of both together, and of the smaller if it may be a part."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    shared = width.clip(0) * height.clip(0)
    area = (box[2] - box[0]) * (box[3] - box[1])
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    smaller, larger = np.minimum(area, areas), np.maximum(area, areas)
    contained = shared / np.maximum(smaller, 1) * (smaller >= _PART * larger)
    return shared / np.maximum(area + areas - shared, 1), contained
