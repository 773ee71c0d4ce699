"""Limits on the structure of picture files, checked before any decoder sees them.

Decoders spend time or memory on each segment, scan, chunk, block or tile, however small: a
progressive JPEG of 10 MB can take hours, a TIFF of one pixel gigabytes for its tile. Only the
chain of parts is walked here; a merely broken file is left to the decoder, which describes it
better.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, TiffImagePlugin

from countlab.errors import CountlabError

# Far above what cameras and programs write, far below what keeps a core busy for a second.
_MAX_JPEG_SEGMENTS = 1_000
_MAX_JPEG_SCANS = 100
_MAX_PNG_CHUNKS = 20_000
_MAX_GIF_BLOCKS = 5_000  # of comments and other extensions; pixel data is not counted
_TIFF_TILE_WIDTH, _TIFF_TILE_HEIGHT = 322, 323  # tags
_SIGNATURES: dict[str, tuple[bytes, ...]] = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "GIF": (b"GIF8",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
}


def guess_format(data: bytes) -> str | None:
    """The format whose signature the data starts with."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((name for name, starts in _SIGNATURES.items() if data.startswith(starts)), None)


def check_part_count(data: bytes) -> None:
    """Refuses a file with more parts than any picture needs."""
    format = guess_format(data)
    if format == "JPEG":
        _check_limit("JPEG", _count_jpeg_segments(data), _MAX_JPEG_SEGMENTS)
        _check_limit("JPEG", _count_jpeg_scans(data), _MAX_JPEG_SCANS)
    elif format == "PNG":
        _check_limit("PNG", _count_png_chunks(data), _MAX_PNG_CHUNKS)
    elif format == "GIF":
        _check_limit("GIF", _count_gif_blocks(data), _MAX_GIF_BLOCKS)


def check_tiff_tile_size(header: Image.Image, max_pixels: int) -> None:
    """Refuses a TIFF with huge tiles: they are decoded whole, whatever the picture's own size."""
    if isinstance(header, TiffImagePlugin.TiffImageFile):
        tags = _TIFF_TILE_WIDTH, _TIFF_TILE_HEIGHT
        try:
            width, height = (int(header.tag_v2.get(tag, 1)) for tag in tags)
        except (TypeError, ValueError, OverflowError) as reason:  # text where a number belongs
            raise CountlabError("broken_picture", format="TIFF") from reason
        if width * height > max_pixels:
            arrived = f"{width} × {height}"
            raise CountlabError("too_many_pixels", arrived=arrived, allowed=max_pixels)


def _check_limit(format: str, count: int, allowed: int) -> None:
    if count > allowed:
        raise CountlabError("too_many_parts", format=format, allowed=allowed)


def _count_jpeg_segments(data: bytes) -> int:
    """Up to the first scan; fill bytes count too, as decoders read them one by one."""
    at, segments = 2, 0
    while at + 4 <= len(data) and segments <= _MAX_JPEG_SEGMENTS:
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


def _count_jpeg_scans(data: bytes) -> int:
    """With NumPy: seven times as fast as `data.count`."""
    values = np.frombuffer(data, np.uint8)
    marker_starts = np.flatnonzero(values[:-1] == 0xFF)
    return int(np.count_nonzero(values[marker_starts + 1] == 0xDA))


def _count_png_chunks(data: bytes) -> int:
    at, chunks = 8, 0
    while at + 8 <= len(data) and chunks <= _MAX_PNG_CHUNKS:
        chunks += 1
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return chunks


def _count_gif_blocks(data: bytes) -> int:
    """Up to the second frame: Pillow reads that far to know whether the GIF is animated."""
    at, blocks, frames = 13 + _gif_palette_bytes(data, 10), 0, 0
    while at + 10 <= len(data) and blocks <= _MAX_GIF_BLOCKS and frames < 2:
        if data[at] == 0x2C:
            frames += 1
            at += 11 + _gif_palette_bytes(data, at + 9)
            at, _ = _skip_gif_sub_blocks(data, at)
        elif data[at] == 0x21:
            at, sub_blocks = _skip_gif_sub_blocks(data, at + 2)
            blocks += sub_blocks
        else:
            at, blocks = at + 1, blocks + 1
    return blocks


def _skip_gif_sub_blocks(data: bytes, at: int) -> tuple[int, int]:
    """The offset behind a chain of length-prefixed sub-blocks, and their number."""
    blocks = 1
    while at < len(data) and data[at]:
        at += 1 + data[at]
        blocks += 1
    return at + 1, blocks


def _gif_palette_bytes(data: bytes, flags_at: int) -> int:
    flags = data[flags_at] if flags_at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
