"""Bytes to pixels and back: what is a picture, how large it may be, which way is up.

Judges by content, never by a file's name. Pixels are rows of blue, green, red bytes, upright,
as OpenCV reads them. Knows nothing of models or HTTP.
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
from countlab.imaging.format_limits import check_structure, check_tiles, guess_format
from countlab.imaging.jpeg import write_jpeg

FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
}
_ENDINGS = {"PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tiff"}
_ORIENTATION = 0x0112
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_TURNS: dict[int, Callable[[Pixels], Any]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.transpose(pixels), -1),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
"""By EXIF's number: what makes the picture upright."""


@dataclass(frozen=True)
class Picture:
    """An upright picture, the format it came in, and what was done to it on the way."""

    pixels: Pixels
    format: str
    doubts: tuple[CountWarning, ...] = ()

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
    """Decodes one picture; size is judged from the header, before any pixel is unpacked."""
    if not data:
        raise CountlabError("empty_file")
    if len(data) > max_bytes:
        raise CountlabError("too_many_bytes", arrived=len(data), allowed=max_bytes)
    check_structure(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own bomb warning: our limit is stricter
            header = Image.open(io.BytesIO(data), formats=list(FORMATS))
    except Image.DecompressionBombError as reason:
        raise CountlabError("too_many_pixels", arrived="?", allowed=max_pixels) from reason
    except Exception as reason:  # decoders raise whatever they stumble over
        if format := guess_format(data):
            raise CountlabError("broken_picture", format=format) from reason
        raise CountlabError("not_a_picture", starts=_first_bytes(data)) from reason
    if header.width * header.height > max_pixels:
        arrived = f"{header.width} × {header.height}"
        raise CountlabError("too_many_pixels", arrived=arrived, allowed=max_pixels)
    check_tiles(header, max_pixels)
    pixels, doubts = _decode(data, header)
    return Picture(pixels, _format(header), doubts)


def write_picture(pixels: Pixels, format: str) -> bytes:
    """Encodes pixels in the format that a picture came in."""
    if format == "JPEG":
        return write_jpeg(pixels)
    if format in _ENDINGS:
        done, encoded = cv2.imencode(_ENDINGS[format], pixels)
        if done:
            return encoded.tobytes()
    target, size = io.BytesIO(), (pixels.shape[1], pixels.shape[0])
    rows = np.ascontiguousarray(pixels)
    Image.frombuffer("RGB", size, rows, "raw", "BGR", 0, 1).save(target, format)
    return target.getvalue()


def _format(header: ImageFile) -> str:
    """Cameras append further pictures to a JPEG; Pillow then calls it another format, MPO."""
    return "JPEG" if header.format == "MPO" else str(header.format)


def _decode(data: bytes, header: ImageFile) -> tuple[Pixels, tuple[CountWarning, ...]]:
    """OpenCV for the plain photographs (three times as fast), Pillow for everything else."""
    format = _format(header)
    if format == "JPEG" and not _has_its_end(data):
        raise CountlabError("broken_picture", format=format)  # OpenCV would fill it up with grey
    try:
        doubts = []
        colours = color_mode(header)
        orientation = header.getexif().get(_ORIENTATION, 1)
        if orientation in _TURNS:
            doubts.append(CountWarning("turned_upright"))
        if getattr(header, "is_animated", False):
            doubts.append(CountWarning("first_frame_only"))
        if colours != "RGB":
            doubts.append(CountWarning("colours_converted", {"mode": colours}))
        if format == "JPEG" and header.mode in ("RGB", "L"):
            how = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
            pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), how)
        else:
            pixels = to_bgr(header)
            orientation = header.getexif().get(_ORIENTATION, 1)  # Pillow turns a TIFF itself
        if pixels is not None and orientation in _TURNS:
            pixels = _TURNS[orientation](pixels)
    except Exception as reason:  # decoders raise whatever they stumble over
        raise CountlabError("broken_picture", format=format) from reason
    if pixels is None:
        raise CountlabError("broken_picture", format=format)
    return pixels, tuple(doubts)


def _has_its_end(jpeg: bytes) -> bool:
    """The mark of the end stands behind the last scan; looked for from behind, where it is near."""
    end = jpeg.rfind(_END_OF_IMAGE)
    return end >= 0 and jpeg.find(_START_OF_SCAN, end) < 0


def _first_bytes(data: bytes) -> str:
    """How the data begins, readable, so that a person recognises their text file or web page."""
    return "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data[:24])
