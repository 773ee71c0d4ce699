"""JPEG encoder that uses all cores: strips of the picture are encoded in parallel.

JPEG data may restart after a fixed number of blocks (restart interval), so strips encoded
separately can be joined behind one header. The result decodes to exactly the pixels that a
single encoder would have given.
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

_QUALITY = 90  # above it, responses grow larger than the photos that came, and look the same
_BLOCK = 16  # pixels of a block (MCU) in OpenCV's 4:2:0 subsampling
_MIN_PIXELS = 100_000  # below, distributing strips takes longer than it saves
_MAX_RESTART_INTERVAL = 65_535  # blocks; a 16-bit field
_FRAME, _SCAN, _END = b"\xff\xc0", b"\xff\xda", b"\xff\xd9"
_RESTART_INTERVAL = 0xFFDD
_MAX_STRIPS = 8


def write_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Encodes rows of blue, green, red bytes."""
    height, width = pixels.shape[:2]
    max_strips = min(cores(), _MAX_STRIPS)
    block_rows = -(-height // (_BLOCK * max_strips))  # in a strip
    blocks = block_rows * -(-width // _BLOCK)
    if height * width < _MIN_PIXELS or max_strips == 1 or blocks > _MAX_RESTART_INTERVAL:
        return _encode(pixels)
    if is_concurrent():  # the same bytes from one core: other requests use the others
        return _encode(pixels, cv2.IMWRITE_JPEG_RST_INTERVAL, blocks)
    strip_height = block_rows * _BLOCK
    tops = range(0, height, strip_height)
    strips = _executor().map(_encode, (pixels[top : top + strip_height] for top in tops))
    heads, scans = zip(*map(_split, strips), strict=True)
    restarts = (bytes([0xFF, 0xD0 + index % 8]) for index in range(len(scans) - 1))
    return b"".join(
        [
            _joined_head(heads[0], height=height, blocks=blocks),
            *chain.from_iterable(zip(scans, restarts, strict=False)),
            scans[-1],
            _END,
        ]
    )


def _encode(pixels: NDArray[np.uint8], *options: int) -> bytes:
    success, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, *options])
    assert success, "OpenCV encodes every picture that has pixels"
    return data.tobytes()


def _split(jpeg: bytes) -> tuple[bytes, bytes]:
    """The head (up to and including the scan header), and the scan data without the end marker."""
    at = 2
    while jpeg[at : at + 2] != _SCAN:
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return jpeg[:at], jpeg[at : -len(_END)]


def _joined_head(head: bytes, *, height: int, blocks: int) -> bytes:
    """The first strip's head with the whole picture's height and a restart interval."""
    frame, scan = head.index(_FRAME), head.rindex(_SCAN)
    return b"".join(
        [
            head[: frame + 5],
            struct.pack(">H", height),
            head[frame + 7 : scan],
            struct.pack(">HHH", _RESTART_INTERVAL, 4, blocks),
            head[scan:],
        ]
    )


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="jpeg")
