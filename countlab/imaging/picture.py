"""Pictures: limits, decoding, encoding.

Formats are recognized by content, never by a file's name. Pixels are upright rows of blue, green,
red bytes, as OpenCV reads them.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from countlab.errors import CountlabError
from countlab.findings import CountWarning
from countlab.imaging.color import Pixels as Pixels
from countlab.imaging.decoding import decode
from countlab.imaging.headers import Header, read_header
from countlab.imaging.jpeg import write_jpeg

FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
}
"""Media types by Pillow's name of the format. AVIF and HEIC are read too, but not written."""
_OPENCV_SUFFIXES = {"PNG": ".png", "BMP": ".bmp", "TIFF": ".tiff"}
_WEBP_QUALITY = 90
_MAX_PIXELS_SENT = {"GIF": 2_000_000, "WEBP": 4_000_000}
_MAX_PIXELS_SENT_OTHERWISE = 12_000_000
"""Larger pictures go back as JPEG: encoding them would take many times as long as counting."""


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
    def answer_format(self) -> str:
        """In which it goes back: its own, or JPEG where that would take too long."""
        most = _MAX_PIXELS_SENT.get(self.format, _MAX_PIXELS_SENT_OTHERWISE)
        return (
            self.format if self.format in FORMATS and self.width * self.height <= most else "JPEG"
        )

    @property
    def media_type(self) -> str:
        """Of the picture that goes back."""
        return FORMATS[self.answer_format]


def check_picture(data: bytes, *, max_bytes: int, max_pixels: int) -> Header:
    """Refuses what is too large or no picture, by its header: no pixel is decoded."""
    if not data:
        raise CountlabError("empty_file")
    if len(data) > max_bytes:
        raise CountlabError("too_many_bytes", arrived=len(data), allowed=max_bytes)
    header = read_header(data)
    if header.pixels > max_pixels:
        raise CountlabError(
            "too_many_pixels",
            size=f"{header.width} × {header.height}",
            arrived=_megapixels(header.pixels),
            allowed=_megapixels(max_pixels),
        )
    return header


def read_picture(data: bytes, *, max_bytes: int, max_pixels: int) -> Picture:
    """Decodes a picture in this process: for files of one's own."""
    header = check_picture(data, max_bytes=max_bytes, max_pixels=max_pixels)
    pixels, warnings = decode(header)
    return Picture(pixels, header.format, warnings)


def write_picture(pixels: Pixels, format: str) -> bytes:
    """Encodes pixels in one of `FORMATS`."""
    if format == "JPEG":
        return write_jpeg(pixels)
    if format == "WEBP":
        return _encode(pixels, ".webp", cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY)
    if format in _OPENCV_SUFFIXES:
        return _encode(pixels, _OPENCV_SUFFIXES[format])
    buffer, size = io.BytesIO(), (pixels.shape[1], pixels.shape[0])
    rows = np.ascontiguousarray(pixels)
    Image.frombuffer("RGB", size, rows, "raw", "BGR", 0, 1).save(buffer, format)
    return buffer.getvalue()


def _encode(pixels: Pixels, suffix: str, *options: int) -> bytes:
    success, encoded = cv2.imencode(suffix, pixels, options)
    assert success, "OpenCV encodes every picture that has pixels"
    return encoded.tobytes()


def _megapixels(pixels: int) -> float:
    """Rounded up to a digit that tells the limit from what is above it."""
    value = math.ceil(pixels / 100_000) / 10 if pixels >= 100_000 else pixels / 1e6
    return int(value) if value.is_integer() else value
