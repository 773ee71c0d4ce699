"""Colours of every kind as blue, green, red bytes: the rule for what is not plain RGB.

What is transparent lies on white; numbers wider than a byte are scaled down; grey, palettes and
printers' colours become what a screen shows. Knows nothing of files or their limits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

Pixels = NDArray[np.uint8]

_BAND = 2_000_000  # pixels that are converted at a time


def color_mode(header: ImageFile) -> str:
    """How colours are stored: `RGB` is plain; the rest is converted, and that is told.

    Asked before anything is loaded: how wide the numbers were is forgotten then.
    """
    if header.mode == "RGB" and ";16" in str([tile[3] for tile in header.tile]):
        return "RGB;16"
    if header.mode == "RGB" and "transparency" in header.info:
        return "RGB + transparency"
    return header.mode


def to_bgr(header: ImageFile) -> Pixels:
    """Blue, green, red bytes: what is transparent lies on white, wide numbers are scaled down.

    Band by band, as Pillow's conversions would each hold a whole picture more.
    """
    header.load()
    width, height = header.size
    pixels = np.empty((height, width, 3), np.uint8)
    scale = _scale(header)
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        band = header.crop((0, top, width, min(top + rows, height)))
        pixels[top : top + rows] = _band(band, scale)[:, :, ::-1]
    return pixels


def _scale(image: Image.Image) -> float:
    """What makes bytes of numbers wider than bytes: 16 bits, or fractions of one."""
    if not image.mode.startswith(("I", "F")):
        return 1.0
    highest = image.getextrema()[1]
    if image.mode == "F" and isinstance(highest, float) and highest <= 1:
        return 255.0
    wide = image.mode.startswith("I;16") or (isinstance(highest, int | float) and highest > 255)
    return 1 / 257 if wide else 1.0


def _band(image: Image.Image, scale: float) -> Pixels:
    if image.mode.startswith(("I", "F")):
        values = np.nan_to_num(np.asarray(image, np.float32) * scale, posinf=255, neginf=0)
        image = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    return np.asarray(image.convert("RGB"))
