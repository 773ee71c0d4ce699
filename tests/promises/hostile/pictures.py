"""Pictures that nobody would send in good faith, built part by part."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
from PIL import Image

SCENE = Image.effect_noise((64, 48), 60).convert("RGB")


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, format, **options)
    return target.getvalue()


WHOLE = {name: encoded(SCENE, name) for name in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")}
JPEG, PNG, GIF, BMP = (WHOLE[name] for name in ("JPEG", "PNG", "GIF", "BMP"))


def half(format: str) -> bytes:
    return WHOLE[format][: len(WHOLE[format]) // 2]


def zipped(content: bytes = b"x" * 1000) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.txt", content)
    return target.getvalue()


# JPEG


def jpeg_of_size(width: int, height: int) -> bytes:
    """The same data, another size in its header."""
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]


def jpeg_of_many_scans(scans: int) -> bytes:
    whole = encoded(Image.new("RGB", (2000, 2000), "red"), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * scans + whole[-2:]


def jpeg_of_many_segments(segments: int) -> bytes:
    return JPEG[:2] + b"\xff\xe1\x00\x09Exif\x00\x00a" * segments + JPEG[2:]


def jpeg_with_padding(length: int) -> bytes:
    return JPEG[:2] + b"\xff" * length + JPEG[2:]


# PNG


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *middle: bytes, rows: bytes | None = None) -> bytes:
    """Eight-bit RGB; black rows unless others are given."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    if rows is None:
        packer = zlib.compressobj(9)
        row = bytes(1 + width * 3)
        rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(middle) + chunk(b"IDAT", rows) + chunk(b"IEND")


def png_head(width: int, height: int) -> bytes:
    return png(width, height, rows=b"")


def png_text_bomb() -> bytes:
    return png(8, 8, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(40_000_000), 9)))


# GIF


def gif_with_comment(blocks: int) -> bytes:
    at = 13 + 3 * (2 << (GIF[10] & 7))
    return GIF[:at] + b"!\xfe" + (b"\xff" + b"a" * 255) * blocks + b"\0" + GIF[at:]


def gif_of_screen(width: int, height: int) -> bytes:
    return GIF[:6] + struct.pack("<HH", width, height) + GIF[10:]


def gif_with_frame(width: int, height: int) -> bytes:
    """The frame is larger than the screen that the header promises."""
    at = GIF.index(b"\x2c", 13 + 3 * (2 << (GIF[10] & 7))) + 5
    return GIF[:at] + struct.pack("<HH", width, height) + GIF[at + 4 :]


# BMP, TIFF


def bmp_of_size(width: int, height: int) -> bytes:
    return BMP[:18] + struct.pack("<ii", width, height) + BMP[26:]


def tiff(*, tile: int = 0, width: int = 1, height: int = 1, compression: int = 8) -> bytes:
    """Grey, one strip, or one square tile that may be far larger than the picture."""
    side = tile or 1
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(bytes(side)) for _ in range(side)) + packer.flush()
    tags = {256: width, 257: height, 258: 8, 259: compression, 262: 1, 277: 1}
    tags |= {322: tile, 323: tile, 324: 0, 325: len(body)} if tile else {}
    tags |= {} if tile else {273: 0, 278: height, 279: len(body)}
    body_at = 8 + 2 + 12 * len(tags) + 4
    tags[324 if tile else 273] = body_at
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + body


def tiff_of_worded_tile() -> bytes:
    """Where the width of its tiles belongs stands a text."""
    number, text = (struct.pack("<HHI", 322, *kind) for kind in ((4, 1), (2, 4)))
    return tiff(tile=1).replace(number, text)


def tiff_that_points_at_itself() -> bytes:
    whole = tiff()
    tags = struct.unpack_from("<H", whole, 8)[0]
    at = 10 + 12 * tags
    return whole[:at] + struct.pack("<I", 8) + whole[at + 4 :]


def big_tiff_of_many_tags() -> bytes:
    return b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 2**62) + bytes(64)


# Others that some program would open


def others() -> dict[str, bytes]:
    return {
        "text": b"I am not a picture",
        "page": b"<!doctype html><script>alert(1)</script>",
        "drawing": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "document": b"%PDF-1.7\n1 0 obj",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run",
        "archive": zipped(),
        "zipped picture": gzip.compress(JPEG),
        "program": b"\x7fELF" + bytes(60),
        "icon": encoded(SCENE, "ICO"),
        "portable map": encoded(SCENE, "PPM"),
        "targa": encoded(SCENE, "TGA"),
        "mac icon": encoded(Image.new("RGB", (32, 32)), "ICNS"),
        "photoshop": b"8BPS\0\x01" + bytes(60),
        "phone photo": b"\0\0\0\x18ftypheic" + bytes(60),
        "film": b"\0\0\0\x18ftypmp42" + bytes(60),
        "numpy": np.zeros(9).tobytes() + b"\x93NUMPY",
    }


# Odd, but pictures


def png_of_wide_numbers(values: Any) -> bytes:
    height, width = values.shape[:2]
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in values))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND")


def turned_away(upright: Image.Image, orientation: int) -> Image.Image:
    """As a camera held that way stores it."""
    turn = Image.Transpose
    ways = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_90,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_270,
    }
    return upright.transpose(ways[orientation]) if orientation in ways else upright
