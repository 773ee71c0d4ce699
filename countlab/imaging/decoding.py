"""Decoders: a header and the essential bytes of a file become upright pixels.

Works for its caller alone: what it costs is bounded by `limited`, where strangers send the files.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from countlab.errors import CountlabError
from countlab.findings import CountWarning
from countlab.imaging.color import Pixels, color_mode, on_white, to_bgr
from countlab.imaging.headers import Header

_COLOR = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_UPRIGHT: dict[int, Callable[[Pixels], Any]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.transpose(pixels), -1),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
"""By EXIF orientation: the operation that turns the picture upright."""
_OUT_OF_MEMORY = "Insufficient memory", "Failed to allocate", "OutOfMemory"


def decode(header: Header) -> tuple[Pixels, tuple[CountWarning, ...]]:
    """Upright rows of blue, green, red bytes, and what was done to the picture."""
    try:
        pixels, mode, turn = _decode(header)
        if pixels.shape[0] * pixels.shape[1] > header.pixels:
            raise ValueError("more pixels than the header says")
        if turn in _UPRIGHT:
            pixels = _UPRIGHT[turn](pixels)
    except (CountlabError, MemoryError):
        raise
    except Exception as reason:  # decoders raise all kinds of errors
        if any(words in str(reason) for words in _OUT_OF_MEMORY):
            raise MemoryError from reason
        raise CountlabError("broken_picture", format=header.format) from reason
    return pixels, _warnings(header, mode)


def _decode(header: Header) -> tuple[Pixels, str, int]:
    """The pixels, the color mode of the file, and the orientation they still have."""
    if header.format == "JPEG" and header.components in (1, 3):
        # Three times as fast as Pillow.
        return _opencv(header, _COLOR), "RGB" if header.components == 3 else "L", header.orientation
    if header.run_lengths:
        return _opencv(header, _COLOR), "P", header.orientation
    if header.format == "WEBP":
        pixels = _opencv(header, cv2.IMREAD_UNCHANGED)
        if pixels.shape[2] == 4:
            return on_white(pixels), "RGBA", header.orientation
        return pixels, "RGB", header.orientation
    if header.format == "HEIF":
        return _heif(header), "RGB", 1
    with _opened(header) as image:
        mode = color_mode(image)
        return to_bgr(image), mode, header.orientation


def _heif(header: Header) -> Pixels:
    """Upright: the library turns it."""
    try:
        import pillow_heif  # type: ignore[import-not-found,unused-ignore]
    except ModuleNotFoundError as reason:
        raise CountlabError("heic_not_read_here") from reason
    pillow_heif.options.THUMBNAILS = False
    opened = pillow_heif.open_heif(header.essential, convert_hdr_to_8bit=True, bgr_mode=True)
    pixels: Pixels = np.asarray(opened)
    return on_white(pixels) if pixels.shape[2] == 4 else pixels


def _opencv(header: Header, flags: int) -> Pixels:
    pixels: Any = cv2.imdecode(np.frombuffer(header.essential, np.uint8), flags)
    if pixels is None:
        raise ValueError("OpenCV cannot read it")
    return pixels  # type: ignore[no-any-return]


def _opened(header: Header) -> ImageFile:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's bomb warning: our own limit is stricter
        return Image.open(io.BytesIO(header.essential), formats=[header.format])


def _warnings(header: Header, mode: str) -> tuple[CountWarning, ...]:
    result = []
    if header.orientation in _UPRIGHT:
        result.append(CountWarning("turned_upright"))
    if header.animated:
        result.append(CountWarning("first_frame_only"))
    if mode != "RGB":
        result.append(CountWarning("colours_converted", {"mode": mode}))
    return tuple(result)
