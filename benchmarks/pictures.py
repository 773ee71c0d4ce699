"""Request pictures, the same for every server: 1280 × 960 unless another size is requested.

Made from those in `images/`; several, so that a response sent to the wrong client is noticed.
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
def request_pictures() -> tuple[bytes, ...]:
    """JPEGs of common size and detail: one unchanged, the others composed of four each."""
    single = (_IMAGES / "fruits.jpg").read_bytes()
    return single, *(_jpeg(_compose(names)) for names in _QUARTERS)


def picture_with_megapixels(megapixels: float) -> bytes:
    """A JPEG of this many million pixels, 4:3, with uniform detail."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = height * 4 // 3
    composed = _compose(_QUARTERS[0])
    repeats = -(-height // _SIZE[1])
    if repeats == 1:
        return _jpeg(cv2.resize(composed, (width, height)).astype(np.uint8, copy=False))
    return _jpeg(np.tile(composed, (repeats, repeats, 1))[:height, :width])


def _jpeg(pixels: Pixels) -> bytes:
    """Encoded like a phone's picture: about 300 KB, smaller than with OpenCV's default of 95."""
    encoded_ok, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 88])
    assert encoded_ok
    return encoded.tobytes()


def _compose(names: tuple[str, ...]) -> Pixels:
    upper_left, upper_right, lower_left, lower_right = map(_pixels, names)
    rows = [np.hstack([upper_left, upper_right]), np.hstack([lower_left, lower_right])]
    joined = np.vstack(rows)
    assert joined.shape[1::-1] == _SIZE, joined.shape
    return joined


def _pixels(name: str) -> Pixels:
    data = (_IMAGES / f"{name}.jpg").read_bytes()
    return read_picture(data, max_bytes=10**8, max_pixels=10**8).pixels
