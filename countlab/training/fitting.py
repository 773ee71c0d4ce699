"""A picture brought into a classifier's input: the one step that stands outside the graph.

Bytes of red, green, blue come out, rows first. Everything later (scale, mean, grey) is part of
the graph, so whoever serves a classifier needs these few lines and nothing else.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from countlab.imaging.digit_crop import crop_digit
from countlab.imaging.picture import Pixels


def fit_picture(
    pixels: Pixels, *, size: tuple[int, int], crop: str = "none"
) -> npt.NDArray[np.uint8]:
    """`pixels` are upright, blue-green-red; `size` is (width, height)."""
    if crop == "digit":
        pixels = np.repeat(crop_digit(pixels)[:, :, None], 3, axis=2)
    if pixels.shape[1::-1] != size:
        smaller = pixels.shape[1] >= size[0] and pixels.shape[0] >= size[1]
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)
    return np.ascontiguousarray(pixels[:, :, ::-1])
