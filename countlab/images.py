"""Bytes to pixels and back: what is a picture, how large it may be, which way is up.

Judges by content, never by a file's name. Pixels are rows of blue, green, red bytes, upright,
as OpenCV reads them. Knows nothing of models or HTTP.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from countlab.errors import CountlabError
from countlab.findings import Doubt

Pixels = NDArray[np.uint8]

FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
}
_ENDINGS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp"}
_ORIENTATION = 0x0112
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"


@dataclass(frozen=True)
class Picture:
    """An upright picture, the format it came in, and what was done to it on the way."""

    pixels: Pixels
    format: str
    doubts: tuple[Doubt, ...] = ()

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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own bomb warning: our limit is stricter
            header = Image.open(io.BytesIO(data), formats=list(FORMATS))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as reason:
        raise CountlabError("not_a_picture", starts=_first_bytes(data)) from reason
    except Image.DecompressionBombError as reason:
        raise CountlabError("too_many_pixels", arrived="?", allowed=max_pixels) from reason
    if header.width * header.height > max_pixels:
        arrived = f"{header.width} × {header.height}"
        raise CountlabError("too_many_pixels", arrived=arrived, allowed=max_pixels)
    pixels, doubts = _decode(data, header)
    return Picture(pixels, str(header.format), doubts)


def write_picture(pixels: Pixels, format: str) -> bytes:
    """Encodes pixels in the format that a picture came in."""
    if format in _ENDINGS:
        done, encoded = cv2.imencode(_ENDINGS[format], pixels)
        if done:
            return encoded.tobytes()
    target = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1])).save(target, format)
    return target.getvalue()


def _decode(data: bytes, header: Image.Image) -> tuple[Pixels, tuple[Doubt, ...]]:
    """OpenCV for the plain photographs (three times as fast), Pillow for everything else."""
    if header.format == "JPEG" and data.rfind(_END_OF_IMAGE) < data.rfind(_START_OF_SCAN):
        raise CountlabError("broken_picture", format="JPEG")  # OpenCV would fill it up with grey
    doubts = []
    try:
        if header.getexif().get(_ORIENTATION, 1) in range(2, 9):
            doubts.append(Doubt("turned_upright"))
        if (frames := getattr(header, "n_frames", 1)) > 1:
            doubts.append(Doubt("first_frame_only", {"frames": frames}))
        if header.format == "JPEG" and header.mode in ("RGB", "L"):
            pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            if pixels is None:
                raise CountlabError("broken_picture", format=header.format)
            return pixels.astype(np.uint8, copy=False), tuple(doubts)
        header.load()
    except (OSError, ValueError, SyntaxError, EOFError, cv2.error) as reason:
        raise CountlabError("broken_picture", format=header.format) from reason
    upright = ImageOps.exif_transpose(header)
    if upright.mode not in ("RGB", "L"):
        doubts.append(Doubt("colours_converted", {"mode": upright.mode}))
    return _plain_colours(upright), tuple(doubts)


def _plain_colours(image: Image.Image) -> Pixels:
    """Blue, green, red bytes: what is transparent lies on white, 16-bit grey is scaled down."""
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float64)
        scale = 257 if image.mode.startswith("I;16") or values.max(initial=0) > 255 else 1
        image = Image.fromarray((values / scale).clip(0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def _first_bytes(data: bytes) -> str:
    """How the data begins, readable, so that a person recognises their text file or web page."""
    return "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data[:24])
