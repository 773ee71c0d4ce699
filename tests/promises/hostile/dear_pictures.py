"""Pictures that are dear to unpack: small files that ask for much memory or time."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from tests.promises.hostile import pictures

MAX_PIXELS = 51_000_000
LARGE = (8_200, 6_200)  # just below the limit


@cache
def large(mode: str = "RGB") -> Image.Image:
    """A picture of the largest size, with something in it."""
    small = Image.effect_noise((410, 310), 90).convert(mode if mode != "P" else "L")
    return small.resize(LARGE, Image.Resampling.NEAREST).convert(mode)


def encoded(mode: str, format: str, **options: Any) -> Callable[[], bytes]:
    def encode() -> bytes:
        return pictures.encoded(large(mode), format, **options)

    return encode


# Run lengths that jump far (BMP)


def bmp_of_jumps(width: int = 2_000, height: int = 2_000, *, jumps: int = 250) -> bytes:
    """Each jump moves by 255 columns and 255 rows, beyond the end of the picture."""
    rows = b"\0\2\xff\xff" * jumps + b"\0\1"
    palette = b"\0\0\0\0" * 256
    offset = 14 + 40 + len(palette)
    head = b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(rows), 0, 0, 256, 0)
    return head + info + palette + rows


# Many tags that point at one large block (TIFF, EXIF)


def exif_of_one_block(tags: int = 5_000, block: int = 60_000) -> bytes:
    """EXIF with an orientation, and tags that each claim the same bytes."""
    start = 8 + 2 + 12 * (tags + 1) + 4
    entries = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    for tag in range(tags):
        entries += struct.pack("<HHII", 40_000 + tag % 20_000, 7, block, start)
    return b"II*\0" + struct.pack("<IH", 8, tags + 1) + entries + bytes(4) + bytes(block)


def tiff_of_one_block(tags: int = 60_000, block: int = 4_000_000) -> bytes:
    start = 8 + 2 + 12 * (tags + 9) + 4
    known = {256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 1}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, known[tag]) for tag in sorted(known))
    for tag in range(tags):
        entries += struct.pack("<HHII", 1_000 + tag, 7, block, start)
    count = struct.pack("<IH", 8, min(tags + 9, 65_535))
    return b"II*\0" + count + entries + bytes(4) + bytes(block)


def tiff_of_known_tags(block: int = 5_000_000) -> bytes:
    """The tags that a reader must read claim the whole file, each for itself."""
    known = {256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 1}
    claiming = (320, 332, 336, 347, 512, 519, 520, 521, 529, 532)
    start = 8 + 2 + 12 * (len(known) + len(claiming)) + 4
    entries = [(tag, struct.pack("<HHII", tag, 4, 1, value)) for tag, value in known.items()]
    entries += [(tag, struct.pack("<HHII", tag, 7, block, start)) for tag in claiming]
    body = b"".join(entry for _, entry in sorted(entries))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + bytes(4) + bytes(block)


def jpeg_with_exif(exif: bytes) -> bytes:
    """In as many segments as it takes; readers join them."""
    segments = b""
    for at in range(0, len(exif), 65_000):
        content = b"Exif\0\0" + exif[at : at + 65_000]
        segments += b"\xff\xe1" + struct.pack(">H", 2 + len(content)) + content
    return pictures.JPEG[:2] + segments + pictures.JPEG[2:]


def jpeg_with_index_of_one_block() -> bytes:
    """A multi-picture index instead of EXIF."""
    content = b"MPF\0" + exif_of_one_block(4_000, 15_000)
    return (
        pictures.JPEG[:2] + b"\xff\xe2" + struct.pack(">H", 2 + len(content)) + content
        + pictures.JPEG[2:]
    )  # fmt: skip


def png_with_exif(exif: bytes) -> bytes:
    return pictures.png(8, 8, pictures.chunk(b"eXIf", exif))


def webp_with_exif(exif: bytes) -> bytes:
    return pictures.encoded(pictures.SCENE, "WEBP", exif=exif)


# Strips, tiles, frames, chunks


def tiff_of_strips(strips: int) -> bytes:
    """One row each; all of them are the same byte of the file."""
    at = 8 + 2 + 12 * 9 + 4
    tags: dict[int, tuple[int, int, int]] = {
        256: (4, 1, 1), 257: (4, 1, strips), 258: (4, 1, 8), 259: (4, 1, 1), 262: (4, 1, 1),
        273: (4, strips, at), 277: (4, 1, 1), 278: (4, 1, 1), 279: (4, strips, at + 4 * strips),
    }  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    return (
        b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
        + struct.pack("<I", 8) * strips + struct.pack("<I", 1) * strips
    )  # fmt: skip


def tiff_of_deep_samples(samples: int = 60_000) -> bytes:
    """One pixel of so many samples, and a strip that claims them."""
    return pictures.tiff(width=4_000, height=4_000).replace(
        struct.pack("<HHII", 277, 4, 1, 1), struct.pack("<HHII", 277, 4, 1, samples)
    )


def png_of_wide_values() -> bytes:
    """Sixteen bits, four channels, the largest size."""
    width, height = LARGE
    head = pictures.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 6, 0, 0, 0))
    compressor = zlib.compressobj(9)
    row = bytes(1 + width * 8)
    rows = b"".join(compressor.compress(row) for _ in range(height)) + compressor.flush()
    return b"\x89PNG\r\n\x1a\n" + head + pictures.chunk(b"IDAT", rows) + pictures.chunk(b"IEND")


def png_interlaced() -> bytes:
    width, height = LARGE
    head = pictures.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 1))
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
    passes.append((0, 1, 1, 2))
    compressor, rows = zlib.compressobj(9), b""
    for left, top, across, down in passes:
        row = bytes(1 + 4 * -(-(width - left) // across))
        for _ in range(-(-(height - top) // down)):
            rows += compressor.compress(row)
    rows += compressor.flush()
    return b"\x89PNG\r\n\x1a\n" + head + pictures.chunk(b"IDAT", rows) + pictures.chunk(b"IEND")


def gif_of_frames(frames: int = 2_000) -> bytes:
    images = [Image.new("L", (8, 8), number % 251) for number in range(frames)]
    target = io.BytesIO()
    images[0].save(target, "GIF", save_all=True, append_images=images[1:])
    return target.getvalue()


def webp_animation() -> bytes:
    frame = large("RGBA")
    return pictures.encoded(
        frame, "WEBP", save_all=True, append_images=[frame.rotate(180)], method=0
    )


def jpeg_of_scans(scans: int, side: int = 4_000) -> bytes:
    jpeg = pictures.encoded(Image.new("RGB", (side, side), "red"), "JPEG", progressive=True)
    last_scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return jpeg[:-2] + last_scan * scans + jpeg[-2:]


def noise(format: str, **options: Any) -> Callable[[], bytes]:
    """As many bytes as one picture may have."""

    def encode() -> bytes:
        values = np.random.default_rng(1).integers(0, 256, (1_700, 1_800, 3), np.uint8)
        return pictures.encoded(Image.fromarray(values), format, **options)

    return encode


CASES: dict[str, Callable[[], bytes]] = {
    "JPEG, 50 megapixels": encoded("RGB", "JPEG", quality=40),
    "JPEG in steps": encoded("RGB", "JPEG", quality=40, progressive=True),
    "JPEG in steps, four inks": encoded("CMYK", "JPEG", quality=40, progressive=True),
    "JPEG with 95 scans": lambda: jpeg_of_scans(90),
    "JPEG, EXIF of one block": lambda: jpeg_with_exif(exif_of_one_block()),
    "JPEG, EXIF in 80 segments": lambda: jpeg_with_exif(exif_of_one_block(60_000, 4_000_000)),
    "JPEG, index of one block": jpeg_with_index_of_one_block,
    "PNG, 50 megapixels": encoded("RGB", "PNG", compress_level=1),
    "PNG with alpha": encoded("RGBA", "PNG", compress_level=1),
    "PNG of 16 bits with alpha": png_of_wide_values,
    "PNG interlaced with alpha": png_interlaced,
    "PNG, EXIF of one block": lambda: png_with_exif(exif_of_one_block(60_000, 4_000_000)),
    "PNG of noise": noise("PNG", compress_level=0),
    "WebP, 50 megapixels": encoded("RGB", "WEBP", method=0, quality=40),
    "WebP with alpha": encoded("RGBA", "WEBP", method=0, quality=40),
    "WebP lossless": encoded("RGBA", "WEBP", lossless=True, quality=0, method=0),
    "WebP animation": webp_animation,
    "WebP, EXIF of one block": lambda: webp_with_exif(exif_of_one_block(60_000, 4_000_000)),
    "GIF, 50 megapixels": encoded("P", "GIF"),
    "GIF of 2,000 frames": gif_of_frames,
    "BMP of jumps": bmp_of_jumps,
    "BMP of jumps, 50 megapixels": lambda: bmp_of_jumps(*LARGE, jumps=4_000),
    "TIFF deflated": encoded("RGB", "TIFF", compression="tiff_deflate"),
    "TIFF of four inks": encoded("CMYK", "TIFF", compression="tiff_deflate"),
    "TIFF, tags of one block": tiff_of_one_block,
    "TIFF, known tags of one block": tiff_of_known_tags,
    "TIFF of 1,000,000 strips": lambda: tiff_of_strips(1_000_000),
    "TIFF of 19,000 strips": lambda: tiff_of_strips(19_000),
    "TIFF of 60,000 samples": tiff_of_deep_samples,
    "TIFF with a huge tile": lambda: pictures.tiff(tile=7_100),
    "AVIF, 50 megapixels": encoded("RGB", "AVIF", quality=30, speed=10),
    "AVIF with alpha": encoded("RGBA", "AVIF", quality=30, speed=10),
}
