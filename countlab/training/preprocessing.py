"""A picture brought into a classifier's input: what the server does with it, and nothing else.

Bytes of red, green, blue come out, rows first. Everything later (scale, mean, grey) is part of
the graph.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from countlab.imaging.digit_crop import crop_digit
from countlab.imaging.picture import Pixels
from countlab.imaging.resize import resize_to_input


def fit_picture(
    pixels: Pixels, *, size: tuple[int, int], crop: str = "none"
) -> npt.NDArray[np.uint8]:
    """`pixels` are upright, blue-green-red; `size` is (width, height)."""
    if crop == "digit":
        pixels = np.repeat(crop_digit(pixels)[:, :, None], 3, axis=2)
    small, _ = resize_to_input(pixels, size, "area")
    return np.ascontiguousarray(small[:, :, ::-1])
