"""Pictures: decoding, size limits, orientation, encoding.

Formats are recognized by content, never by a file's name. Pixels are upright rows of blue, green,
red bytes, as OpenCV reads them.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from countlab.errors import CountlabError
from countlab.findings import CountWarning
from countlab.imaging.color import Pixels as Pixels
from countlab.imaging.color import color_mode, to_bgr
from countlab.imaging.format_limits import check_part_count, check_tiff_tile_size, guess_format
from countlab.imaging.jpeg import write_jpeg

FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
}
"""Media types by Pillow's name of the format."""
_OPENCV_SUFFIXES = {"PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tiff"}
_ORIENTATION = 0x0112  # EXIF tag
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
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


@dataclass(frozen=True)
class Picture:
    """An upright picture, the format it came in, and warnings about its decoding."""

    pixels: Pixels
    format: str
    warnings: tuple[CountWarning, ...] = ()

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def media_type(self) -> str:
        return FORMATS[self.format]


def read_picture(data: bytes, *, max_bytes: int, max_pixels: int) -> Picture:
    """Decodes a picture; its size is checked in the header, before any pixel is decoded."""
    if not data:
        raise CountlabError("empty_file")
    if len(data) > max_bytes:
        raise CountlabError("too_many_bytes", arrived=len(data), allowed=max_bytes)
    check_part_count(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's bomb warning: our own limit is stricter
            header = Image.open(io.BytesIO(data), formats=list(FORMATS))
    except Image.DecompressionBombError as reason:
        raise CountlabError("too_many_pixels", arrived="?", allowed=max_pixels) from reason
    except Exception as reason:  # decoders raise all kinds of errors
        if format := guess_format(data):
            raise CountlabError("broken_picture", format=format) from reason
        raise CountlabError("not_a_picture", starts=_first_bytes(data)) from reason
    if header.width * header.height > max_pixels:
        arrived = f"{header.width} × {header.height}"
        raise CountlabError("too_many_pixels", arrived=arrived, allowed=max_pixels)
    check_tiff_tile_size(header, max_pixels)
    return _decode(data, header)


def write_picture(pixels: Pixels, format: str) -> bytes:
    """Encodes pixels in one of `FORMATS`."""
    if format == "JPEG":
        return write_jpeg(pixels)
    if format in _OPENCV_SUFFIXES:
        success, encoded = cv2.imencode(_OPENCV_SUFFIXES[format], pixels)
        if success:
            return encoded.tobytes()
    buffer, size = io.BytesIO(), (pixels.shape[1], pixels.shape[0])
    rows = np.ascontiguousarray(pixels)
    Image.frombuffer("RGB", size, rows, "raw", "BGR", 0, 1).save(buffer, format)
    return buffer.getvalue()


def _format(header: ImageFile) -> str:
    """Pillow's format name; MPO, a JPEG to which a camera appended more pictures, is JPEG."""
    return "JPEG" if header.format == "MPO" else str(header.format)


def _decode(data: bytes, header: ImageFile) -> Picture:
    """With OpenCV for plain JPEG (three times as fast), with Pillow for everything else."""
    format = _format(header)
    if format == "JPEG" and not _is_complete(data):
        raise CountlabError("broken_picture", format=format)  # OpenCV would fill it up with gray
    try:
        picture_warnings = _warnings(header)
        orientation = header.getexif().get(_ORIENTATION, 1)
        if format == "JPEG" and header.mode in ("RGB", "L"):
            flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
            pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        else:
            pixels = to_bgr(header)
            # Again: Pillow rotates a TIFF when loading it.
            orientation = header.getexif().get(_ORIENTATION, 1)
        if pixels is not None and orientation in _UPRIGHT:
            pixels = _UPRIGHT[orientation](pixels)
    except Exception as reason:  # decoders raise all kinds of errors
        raise CountlabError("broken_picture", format=format) from reason
    if pixels is None:
        raise CountlabError("broken_picture", format=format)
    return Picture(pixels, format, picture_warnings)


def _warnings(header: ImageFile) -> tuple[CountWarning, ...]:
    """About the picture as stored, before its pixels are loaded."""
    mode = color_mode(header)
    result = []
    if header.getexif().get(_ORIENTATION, 1) in _UPRIGHT:
        result.append(CountWarning("turned_upright"))
    if getattr(header, "is_animated", False):
        result.append(CountWarning("first_frame_only"))
    if mode != "RGB":
        result.append(CountWarning("colours_converted", {"mode": mode}))
    return tuple(result)


def _is_complete(jpeg: bytes) -> bool:
    """Whether an end marker follows the last scan; searched from the back, where it is near."""
    end = jpeg.rfind(_END_OF_IMAGE)
    return end >= 0 and jpeg.find(_START_OF_SCAN, end) < 0


def _first_bytes(data: bytes) -> str:
    """The start of the data in readable form, so that people recognize a text file or web page."""
    return "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data[:24])
