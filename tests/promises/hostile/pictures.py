"""Malicious and unusual pictures, built part by part."""

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


VALID = {name: encoded(SCENE, name) for name in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")}
JPEG, PNG, GIF, BMP = (VALID[name] for name in ("JPEG", "PNG", "GIF", "BMP"))


def half(format: str) -> bytes:
    return VALID[format][: len(VALID[format]) // 2]


def zipped(content: bytes = b"x" * 1000) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.txt", content)
    return target.getvalue()


# JPEG


def jpeg_with_size(width: int, height: int) -> bytes:
    """The data of `JPEG` with another size in its header."""
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]


def jpeg_with_scans(scans: int) -> bytes:
    jpeg = encoded(Image.new("RGB", (2000, 2000), "red"), "JPEG", progressive=True)
    last_scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return jpeg[:-2] + last_scan * scans + jpeg[-2:]


def jpeg_with_exif_segments(segments: int) -> bytes:
    return JPEG[:2] + b"\xff\xe1\x00\x09Exif\x00\x00a" * segments + JPEG[2:]


def jpeg_with_padding(length: int) -> bytes:
    return JPEG[:2] + b"\xff" * length + JPEG[2:]


def compressed_zeros(number: int) -> bytes:
    """As zlib compresses them, put together from equal blocks: hundreds of megabytes at once."""
    compressor = zlib.compressobj(9, wbits=-15)
    blocks, rest = divmod(number, 1 << 20)
    block = compressor.compress(bytes(1 << 20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    end = compressor.compress(bytes(rest)) + compressor.flush()
    checksum = struct.pack(">I", number % 65_521 << 16 | 1)  # Adler-32 of zeros
    return b"\x78\xda" + block * blocks + end + checksum


# PNG


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *extra_chunks: bytes, rows: bytes | None = None) -> bytes:
    """An eight-bit RGB picture; `rows` is its compressed data, black by default."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    if rows is None:
        rows = compressed_zeros((1 + width * 3) * height)
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(extra_chunks)
        + chunk(b"IDAT", rows)
        + chunk(b"IEND")
    )


def png_without_data(width: int, height: int) -> bytes:
    return png(width, height, rows=b"")


def png_with_text_bomb() -> bytes:
    return png(8, 8, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(40_000_000), 9)))


# GIF


def gif_with_comment(blocks: int) -> bytes:
    at = 13 + 3 * (2 << (GIF[10] & 7))
    return GIF[:at] + b"!\xfe" + (b"\xff" + b"a" * 255) * blocks + b"\0" + GIF[at:]


def gif_with_screen(width: int, height: int) -> bytes:
    return GIF[:6] + struct.pack("<HH", width, height) + GIF[10:]


def gif_with_frame(width: int, height: int) -> bytes:
    """The frame may be larger than the screen size in the header."""
    at = GIF.index(b"\x2c", 13 + 3 * (2 << (GIF[10] & 7))) + 5
    return GIF[:at] + struct.pack("<HH", width, height) + GIF[at + 4 :]


# BMP, TIFF


def bmp_with_size(width: int, height: int) -> bytes:
    return BMP[:18] + struct.pack("<ii", width, height) + BMP[26:]


def tiff(*, tile: int = 0, width: int = 1, height: int = 1, compression: int = 8) -> bytes:
    """A gray picture of one strip, or of one square tile that may be larger than the picture."""
    body = compressed_zeros((tile or 1) ** 2)
    tags = {256: width, 257: height, 258: 8, 259: compression, 262: 1, 277: 1}
    tags |= {322: tile, 323: tile, 324: 0, 325: len(body)} if tile else {}
    tags |= {} if tile else {273: 0, 278: height, 279: len(body)}
    body_offset = 8 + 2 + 12 * len(tags) + 4
    tags[324 if tile else 273] = body_offset
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + body


def tiff_with_text_as_tile_width() -> bytes:
    number, text = (struct.pack("<HHI", 322, *kind) for kind in ((4, 1), (2, 4)))
    return tiff(tile=1).replace(number, text)


def tiff_with_directory_loop() -> bytes:
    """The next directory of the first one is itself."""
    data = tiff()
    tags = struct.unpack_from("<H", data, 8)[0]
    at = 10 + 12 * tags
    return data[:at] + struct.pack("<I", 8) + data[at + 4 :]


def big_tiff_with_many_tags() -> bytes:
    return b"II+\0" + struct.pack("<HHQQ", 8, 0, 16, 2**62) + bytes(64)


# Other file types


def other_files() -> dict[str, bytes]:
    return {
        "text": b"I am not a picture",
        "html": b"<!doctype html><script>alert(1)</script>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "pdf": b"%PDF-1.7\n1 0 obj",
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run",
        "zip": zipped(),
        "gzipped picture": gzip.compress(JPEG),
        "elf": b"\x7fELF" + bytes(60),
        "icon": encoded(SCENE, "ICO"),
        "ppm": encoded(SCENE, "PPM"),
        "targa": encoded(SCENE, "TGA"),
        "icns": encoded(Image.new("RGB", (32, 32)), "ICNS"),
        "photoshop": b"8BPS\0\x01" + bytes(60),
        "heic": b"\0\0\0\x18ftypheic" + bytes(60),
        "mp4": b"\0\0\0\x18ftypmp42" + bytes(60),
        "numpy": np.zeros(9).tobytes() + b"\x93NUMPY",
    }


# Unusual, but valid pictures


def png_16_bit(values: Any) -> bytes:
    height, width = values.shape[:2]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in values))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND")


def stored_with_orientation(upright: Image.Image, orientation: int) -> Image.Image:
    """The pixels as a camera in that position stores them."""
    transpose = Image.Transpose
    methods = {
        2: transpose.FLIP_LEFT_RIGHT,
        3: transpose.ROTATE_180,
        4: transpose.FLIP_TOP_BOTTOM,
        5: transpose.TRANSPOSE,
        6: transpose.ROTATE_90,
        7: transpose.TRANSVERSE,
        8: transpose.ROTATE_270,
    }
    return upright.transpose(methods[orientation]) if orientation in methods else upright
