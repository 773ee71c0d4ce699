"""A JPEG written in strips, one for each core: encoding is what one core spends longest on.

A JPEG may say that its data starts afresh every so many blocks. So strips of a picture are
encoded side by side and their data put behind one header; what decodes is, pixel by pixel, what
one encoder would have written. Knows nothing of what the picture shows.
"""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from countlab.system.cpu import cores
from countlab.system.load import is_concurrent

_QUALITY = 90  # beyond it answers grow larger than the photos that came, and look the same
_BLOCK = 16  # pixels: a block of full brightness and halved colour, OpenCV's way
_WORTHWHILE = 100_000  # pixels: below, handing strips out takes longer than it saves
_MOST_BLOCKS = 65_535  # between two fresh starts
_FRAME, _SCAN, _END = b"\xff\xc0", b"\xff\xda", b"\xff\xd9"
_MOST_STRIPS = 8


def write_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels are rows of blue, green, red bytes."""
    height, width = pixels.shape[:2]
    most = min(cores(), _MOST_STRIPS)
    rows = -(-height // (_BLOCK * most))  # of blocks, in a strip
    blocks = rows * -(-width // _BLOCK)
    if height * width < _WORTHWHILE or most == 1 or blocks > _MOST_BLOCKS:
        return _encoded(pixels)
    if is_concurrent():  # the same bytes: others keep the other cores busy
        return _encoded(pixels, cv2.IMWRITE_JPEG_RST_INTERVAL, blocks)
    starts = range(0, height, rows * _BLOCK)
    strips = _encoders().map(_encoded, (pixels[at : at + rows * _BLOCK] for at in starts))
    heads, scans = zip(*map(_parted, strips), strict=True)
    fresh_starts = (bytes([0xFF, 0xD0 + number % 8]) for number in range(len(scans) - 1))
    return b"".join(
        [
            _for_all(heads[0], height=height, blocks=blocks),
            *chain.from_iterable(zip(scans, fresh_starts, strict=False)),
            scans[-1],
            _END,
        ]
    )


def _encoded(pixels: NDArray[np.uint8], *how: int) -> bytes:
    done, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, *how])
    assert done, "OpenCV encodes every picture that has pixels"
    return data.tobytes()


def _parted(jpeg: bytes) -> tuple[bytes, bytes]:
    """The tables, and the data behind them without the mark at its end."""
    at = 2
    while jpeg[at : at + 2] != _SCAN:
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return jpeg[:at], jpeg[at : -len(_END)]


def _for_all(head: bytes, *, height: int, blocks: int) -> bytes:
    """The first strip's head, told the whole height, and how many blocks a strip has."""
    frame, scan = head.index(_FRAME), head.rindex(_SCAN)
    size = struct.pack(">H", height)
    return b"".join(
        [
            head[: frame + 5],
            size,
            head[frame + 7 : scan],
            struct.pack(">HHH", 0xFFDD, 4, blocks),
            head[scan:],
        ]
    )


@cache
def _encoders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="jpeg")
