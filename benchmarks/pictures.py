"""The pictures that are sent: the same for every server, 1280 × 960 unless a size is asked for.

Made from those in `images/`. Several, so that an answer given to the wrong client is noticed.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from countlab.imaging.picture import Pixels, read_picture

_IMAGES = Path(__file__).parent.parent / "images"
_SIZE = 1280, 960
_QUARTERS = (
    ("apples_7", "bananas_3", "bowl_2", "oranges_4"),
    ("bowl_3", "market_crate", "dim_light", "lemons_2"),
    ("oranges_10", "near_and_far", "apples_3", "bananas_4"),
)


@lru_cache(maxsize=1)
def sent_pictures() -> tuple[bytes, ...]:
    """JPEGs of everyday size and detail: one as it is, the others laid together from four."""
    whole = (_IMAGES / "fruits.jpg").read_bytes()
    return whole, *(_jpeg(_together(names)) for names in _QUARTERS)


def picture_of(megapixels: float) -> bytes:
    """A JPEG of this many million pixels, four to three, with as much detail everywhere."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = height * 4 // 3
    together = _together(_QUARTERS[0])
    times = -(-height // _SIZE[1])
    if times == 1:
        return _jpeg(cv2.resize(together, (width, height)).astype(np.uint8, copy=False))
    return _jpeg(np.tile(together, (times, times, 1))[:height, :width])


def _jpeg(pixels: Pixels) -> bytes:
    """As a telephone would save it: about 300 KB, and not the size that OpenCV's 95 % gives."""
    done, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 88])
    assert done
    return encoded.tobytes()


def _together(names: tuple[str, ...]) -> Pixels:
    upper_left, upper_right, lower_left, lower_right = map(_pixels, names)
    rows = [np.hstack([upper_left, upper_right]), np.hstack([lower_left, lower_right])]
    joined = np.vstack(rows)
    assert joined.shape[1::-1] == _SIZE, joined.shape
    return joined


def _pixels(name: str) -> Pixels:
    data = (_IMAGES / f"{name}.jpg").read_bytes()
    return read_picture(data, max_bytes=10**8, max_pixels=10**8).pixels
