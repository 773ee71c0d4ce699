"""Color conversion: every color mode to blue, green, red bytes.

Transparent areas become white; values wider than a byte are scaled down; gray, palette and CMYK
pictures become RGB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

Pixels = NDArray[np.uint8]

_PIXELS_PER_BAND = 2_000_000


def color_mode(header: ImageFile) -> str:
    """The color mode as stored; plain `RGB` needs no conversion.

    To be called before the pixels are loaded: Pillow then forgets how wide the values were.
    """
    if header.mode == "RGB" and ";16" in str([tile[3] for tile in header.tile]):
        return "RGB;16"
    if header.mode == "RGB" and "transparency" in header.info:
        return "RGB + transparency"
    return header.mode


def to_bgr(header: ImageFile) -> Pixels:
    """Converts the picture to blue, green, red bytes.

    In bands of rows: each of Pillow's conversions would hold another whole picture in memory.
    """
    header.load()
    width, height = header.size
    pixels = np.empty((height, width, 3), np.uint8)
    scale = _scale_to_byte(header)
    rows = max(1, _PIXELS_PER_BAND // width)
    for top in range(0, height, rows):
        band = header.crop((0, top, width, min(top + rows, height)))
        pixels[top : top + rows] = _band_to_rgb(band, scale)[:, :, ::-1]
    return pixels


def on_white(pixels: Pixels) -> Pixels:
    """Rows of blue, green, red and opacity, laid on white; in bands, as above."""
    height, width = pixels.shape[:2]
    opaque = np.empty((height, width, 3), np.uint8)
    rows = max(1, _PIXELS_PER_BAND // width)
    for top in range(0, height, rows):
        band = pixels[top : top + rows]
        opacity = band[:, :, 3:].astype(np.uint16)
        mixed = band[:, :, :3] * opacity + (255 - opacity) * 255 + 127
        opaque[top : top + rows] = mixed // 255
    return opaque


def _scale_to_byte(image: Image.Image) -> float:
    """The factor from the image's values to 0–255: for 16 bits, or for floats from 0 to 1."""
    if not image.mode.startswith(("I", "F")):
        return 1.0
    highest = image.getextrema()[1]
    if image.mode == "F" and isinstance(highest, float) and highest <= 1:
        return 255.0
    is_wide = image.mode.startswith("I;16") or (isinstance(highest, int | float) and highest > 255)
    return 1 / 257 if is_wide else 1.0


def _band_to_rgb(image: Image.Image, scale: float) -> Pixels:
    if image.mode.startswith(("I", "F")):
        values = np.nan_to_num(np.asarray(image, np.float32) * scale, posinf=255, neginf=0)
        image = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(background, image)
    return np.asarray(image.convert("RGB"))
