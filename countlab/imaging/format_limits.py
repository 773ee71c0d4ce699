"""Files that are small but endless to read: refused by their outline, before a decoder sees them.

Each format is a chain of parts, and decoders take time or memory for each part, however small:
a progressive JPEG of 10 MB can ask for hours, a TIFF of one pixel for a tile of gigabytes. Here
only the chain is walked. What is merely broken is left to the decoder, which says so better.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, TiffImagePlugin

from countlab.errors import CountlabError

# Far above what cameras and programs write, far below what keeps a core busy for a second.
_MOST_SEGMENTS = 1_000
_MOST_SCANS = 100
_MOST_CHUNKS = 20_000
_MOST_GIF_BLOCKS = 5_000  # of comments and the like; the pixels have their own
_TILE = (322, 323)
_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "GIF": (b"GIF8",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
}


def guess_format(data: bytes) -> str | None:
    """Which format a file begins like, whatever follows."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((name for name, begin in _BEGINNINGS.items() if data.startswith(begin)), None)


def check_structure(data: bytes) -> None:
    """Refuses what has more parts than any picture needs."""
    format = guess_format(data)
    if format == "JPEG":
        _check("JPEG", _jpeg_segments(data), _MOST_SEGMENTS)
        _check("JPEG", _jpeg_scans(data), _MOST_SCANS)
    elif format == "PNG":
        _check("PNG", _png_chunks(data), _MOST_CHUNKS)
    elif format == "GIF":
        _check("GIF", _gif_blocks(data), _MOST_GIF_BLOCKS)


def check_tiles(header: Image.Image, max_pixels: int) -> None:
    """A TIFF's tiles are unpacked whole, also where only a corner of them is the picture."""
    if isinstance(header, TiffImagePlugin.TiffImageFile):
        try:
            width, height = (int(header.tag_v2.get(tag, 1)) for tag in _TILE)
        except (TypeError, ValueError, OverflowError) as reason:  # text where a number belongs
            raise CountlabError("broken_picture", format="TIFF") from reason
        if width * height > max_pixels:
            arrived = f"{width} × {height}"
            raise CountlabError("too_many_pixels", arrived=arrived, allowed=max_pixels)


def _check(format: str, parts: int, allowed: int) -> None:
    if parts > allowed:
        raise CountlabError("too_many_parts", format=format, allowed=allowed)


def _jpeg_segments(data: bytes) -> int:
    """Up to the first scan; filling bytes count, as decoders read them one by one."""
    at, segments = 2, 0
    while at + 4 <= len(data) and segments <= _MOST_SEGMENTS:
        segments += 1
        if data[at] != 0xFF or data[at + 1] == 0xFF:
            at += 1
        elif data[at + 1] == 0xDA:
            break
        elif 0xD0 <= data[at + 1] <= 0xD9 or data[at + 1] <= 0x01:  # markers without a length
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return segments


def _jpeg_scans(data: bytes) -> int:
    """Seven times as fast as counting the two bytes in `data`, which looks at each of them."""
    values = np.frombuffer(data, np.uint8)
    marks = np.flatnonzero(values[:-1] == 0xFF)
    return int(np.count_nonzero(values[marks + 1] == 0xDA))


def _png_chunks(data: bytes) -> int:
    at, chunks = 8, 0
    while at + 8 <= len(data) and chunks <= _MOST_CHUNKS:
        chunks += 1
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return chunks


def _gif_blocks(data: bytes) -> int:
    """Up to the second frame, which is looked for to know whether the picture moves."""
    at, blocks, frames = 13 + _palette(data, 10), 0, 0
    while at + 10 <= len(data) and blocks <= _MOST_GIF_BLOCKS and frames < 2:
        if data[at] == 0x2C:
            frames += 1
            at += 11 + _palette(data, at + 9)
            at, _ = _sub_blocks(data, at)
        elif data[at] == 0x21:
            at, several = _sub_blocks(data, at + 2)
            blocks += several
        else:
            at, blocks = at + 1, blocks + 1
    return blocks


def _sub_blocks(data: bytes, at: int) -> tuple[int, int]:
    """Where a chain of blocks with one byte of length ends, and how many there were."""
    blocks = 1
    while at < len(data) and data[at]:
        at += 1 + data[at]
        blocks += 1
    return at + 1, blocks


def _palette(data: bytes, flags_at: int) -> int:
    flags = data[flags_at] if flags_at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
