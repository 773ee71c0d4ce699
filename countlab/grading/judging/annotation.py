"""How much is drawn into an annotated picture: the only trace of boxes in a JPEG."""

from __future__ import annotations

import cv2
import numpy as np

from countlab.errors import CountlabError
from countlab.grading.judging.response_numbers import numbers
from countlab.grading.judging.server_response import Answer
from countlab.imaging.picture import read_picture

_DIFFERENT = 60  # of 255; recompressing changes less
_MOST_PIXELS = 4_000_000


def amount(answer: Answer, original: bytes) -> float | None:
    """Pixels that were drawn over, or for JSON the longest list; None where there is neither."""
    if not answer.ok:
        return None
    if not answer.is_picture:
        lengths = [n for place, n in numbers(answer).items() if place.endswith("#")]
        return float(max(lengths)) if lengths else None
    try:
        drawn = _pixels(answer.body)
        before = _pixels(original)
    except CountlabError:
        return None
    if drawn.shape != before.shape:
        height, width = before.shape[:2]
        resized = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)
        drawn = np.asarray(resized, np.uint8)
    different = np.abs(drawn.astype(np.int16) - before.astype(np.int16)).max(axis=2)
    return float((different > _DIFFERENT).sum())


def _pixels(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = read_picture(data, max_bytes=20_000_000, max_pixels=_MOST_PIXELS)
    return np.asarray(picture.pixels, np.uint8)
