"""One object in several views of a picture counts once. Knows boxes and labels, no pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countlab.findings import Finding

_SAME_PLACE = 0.4  # shared part of both boxes together: one object, whatever its labels
_CONTAINED = 0.6  # shared part of the smaller box: one object where the labels agree
_PART = 0.25  # of a box's area: what is smaller only lies before or behind it
_Numbers = NDArray[np.float64]


def merge(views: list[list[Finding]]) -> list[Finding]:
    """Each object once, as the surest view has it, the surest object first.

    Two findings of one view are two objects: the engine has settled that. And because nothing
    gives way but to a surer finding, a confidence asked for later takes only findings away.
    """
    seen = [(finding, view) for view, found in enumerate(views) for finding in found]
    seen.sort(key=lambda one: -one[0].confidence)
    boxes = np.array([finding.box or (0, 0, 0, 0) for finding, _ in seen], float).reshape(-1, 4)
    of_view = np.array([view for _, view in seen])
    labels = np.array([finding.label for finding, _ in seen])
    kept: list[int] = []
    for one in range(len(seen)):
        together, contained = _shared(boxes[one], boxes[kept])
        same = (together > _SAME_PLACE) | ((contained > _CONTAINED) & (labels[kept] == labels[one]))
        if not np.any(same & (of_view[kept] != of_view[one])):
            kept.append(one)
    return [seen[one][0] for one in kept]


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
