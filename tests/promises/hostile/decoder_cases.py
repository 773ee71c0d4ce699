"""Pictures that lie about themselves in ways that decoders have fallen for."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

from PIL import Image

from tests.promises.hostile import pictures
from tests.promises.hostile.dear_pictures import LARGE
from tests.promises.hostile.pictures import BMP, GIF, JPEG, chunk, encoded
from tests.promises.hostile.raw import FORM, part, post
from tests.promises.hostile.table import OK, Answer, Hostile

BROKEN: Answer = (400, "broken_picture")
NONE: Answer = (415, "not_a_picture")
PARTS: Answer = (413, "too_many_parts")
PIXELS: Answer = (413, "too_many_pixels")
WORK: Answer = (413, "too_much_work")
MEMORY: Answer = (413, "too_much_memory")
REFUSED = (BROKEN, NONE, PARTS, PIXELS, WORK, MEMORY)
Data = bytes | Callable[[], bytes]
SIGNATURE = b"\x89PNG\r\n\x1a\n"
WEBP = pictures.VALID["WEBP"]


def header(width: int, height: int, depth: int = 8, color: int = 2, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))


def png(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND")


def rows(width: int, height: int, per_pixel: int = 3, filter: int = 0) -> bytes:
    return zlib.compress((bytes([filter]) + bytes(width * per_pixel)) * height)


def idat(width: int = 8, height: int = 8, per_pixel: int = 3, filter: int = 0) -> bytes:
    return chunk(b"IDAT", rows(width, height, per_pixel, filter))


def text_of_zeros() -> bytes:
    return chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(999_999), 9))


def idat_in_bytes() -> bytes:
    """One byte a chunk, ten thousand of them."""
    data = zlib.compress(bytes(b"\0" + bytes(3 * 120)) * 120, 0)
    return png(header(120, 120), *[chunk(b"IDAT", data[at : at + 1]) for at in range(len(data))])


PNGS: dict[str, tuple[Data, tuple[Answer, ...]]] = {
    "PNG with two headers": (png(header(8, 8), header(60_000, 60_000), idat()), (OK, BROKEN)),
    "PNG with a second, smaller header": (png(header(8, 8), header(1, 1), idat()), (OK, BROKEN)),
    "PNG of depth 3": (png(header(8, 8, 3), idat()), (BROKEN,)),
    "PNG of color type 5": (png(header(8, 8, 8, 5), idat()), (BROKEN,)),
    "PNG of interlace 2": (png(header(8, 8, 8, 2, 2), idat()), (BROKEN, OK)),
    "PNG of width 0": (png(header(0, 8), idat()), (BROKEN,)),
    "PNG of width 2³¹": (png(header(2**31 - 1, 1), idat()), (PIXELS, BROKEN)),
    "PNG of size 2³² squared": (png(header(2**32 - 1, 2**32 - 1), idat()), (PIXELS, BROKEN)),
    "PNG palette without a palette": (png(header(8, 8, 8, 3), idat(8, 8, 1)), (BROKEN, OK)),
    "PNG palette of 300": (
        png(header(8, 8, 8, 3), chunk(b"PLTE", bytes(900)), idat(8, 8, 1)), (BROKEN, OK)),
    "PNG palette of 1 MB": (
        png(header(8, 8, 8, 3), chunk(b"PLTE", bytes(999_999)), idat(8, 8, 1)), (*REFUSED, OK)),
    "PNG with more opacity than palette": (
        png(header(8, 8, 8, 3), chunk(b"PLTE", bytes(6)), chunk(b"tRNS", bytes(90_000)),
            idat(8, 8, 1)), (BROKEN, OK)),
    "PNG of filter 255": (png(header(8, 8), idat(filter=255)), (BROKEN,)),
    "PNG of one byte a chunk": (idat_in_bytes, (OK, PARTS)),
    "PNG of 300,000 empty chunks": (
        lambda: png(header(8, 8), chunk(b"IDAT") * 300_000, idat()), (OK, PARTS)),
    "PNG with a profile bomb": (
        lambda: png(header(8, 8), chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(90_000_000), 9)),
                    idat()), (OK,)),
    "PNG with 2,000 texts of 1 MB": (
        lambda: png(header(8, 8), text_of_zeros() * 2_000, idat()), (OK, PARTS)),
    "PNG of two billion frames": (
        png(header(8, 8), chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)), idat()), (OK,)),
    "PNG with a frame beyond the picture": (
        png(header(8, 8), chunk(b"acTL", struct.pack(">II", 2, 0)),
            chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 60_000, 60_000, 0, 0, 1, 1, 0, 0)), idat(),
            chunk(b"fdAT", struct.pack(">I", 1) + rows(8, 8))), (OK,)),
    "PNG of a chunk of 4 GB": (
        SIGNATURE + header(8, 8) + b"\xff\xff\xff\xffIDAT" + rows(8, 8), (BROKEN, OK)),
    "PNG whose pixels never end": (
        lambda: png(header(8, 8), chunk(b"IDAT", pictures.compressed_zeros(900_000_000))),
        (OK, BROKEN)),
    "PNG without enough pixels": (png(header(4_000, 4_000), idat()), (BROKEN, OK)),
    "PNG of wrong sums": (png(header(8, 8), idat()[:-4] + b"\0\0\0\0"), (BROKEN, OK)),
    "PNG with 9 MB after its end": (lambda: pictures.PNG + bytes(9_000_000), (OK,)),
    "PNG of 1 × 51,000,000": (
        lambda: png(header(1, 50_900_000), chunk(b"IDAT", zlib.compress(bytes(4 * 50_900_000)))),
        (OK, *REFUSED)),
}  # fmt: skip


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def in_jpeg(*segments: bytes) -> bytes:
    """Put right after the start."""
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def frame(
    marker: int = 0xC0,
    *,
    depth: int = 8,
    size: tuple[int, int] = (48, 64),
    components: tuple[tuple[int, int], ...] = ((1, 0x22), (2, 0x11), (3, 0x11)),
) -> bytes:
    """The same scan behind another frame header."""
    at = JPEG.index(b"\xff\xc0")
    length = int.from_bytes(JPEG[at + 2 : at + 4], "big")
    body = struct.pack(">BHHB", depth, *size, len(components) % 256) + b"".join(
        bytes([name, sampling, 0]) for name, sampling in components
    )
    return JPEG[:at] + segment(marker, body) + JPEG[at + 2 + length :]  # fmt: skip


MANY = tuple((number % 256, 0x11) for number in range(255))
JPEGS: dict[str, tuple[Data, tuple[Answer, ...]]] = {
    "JPEG of twelve bits": (frame(depth=12), (BROKEN, OK)),
    "JPEG without loss": (frame(0xC3), (BROKEN, OK)),
    "JPEG of levels": (frame(0xC5), (BROKEN, OK)),
    "JPEG in arithmetic": (frame(0xC9), (BROKEN, OK)),
    "JPEG of 255 colors": (frame(components=MANY), (BROKEN,)),
    "JPEG of no colors": (frame(components=()), (BROKEN,)),
    "JPEG of two colors": (frame(components=((1, 0x11), (2, 0x11))), (BROKEN, OK)),
    "JPEG of 15 × 15 samples": (frame(components=((1, 0xFF), (2, 0x11), (3, 0x11))), (BROKEN,)),
    "JPEG of 0 × 0 samples": (frame(components=((1, 0), (2, 0), (3, 0))), (BROKEN,)),
    "JPEG of 4 × 1 samples": (frame(components=((1, 0x41), (2, 0x11), (3, 0x11))), (BROKEN, OK)),
    "JPEG of height 0": (frame(size=(0, 64)), (BROKEN,)),
    "JPEG with two frames": (frame(size=(60_000, 800)).replace(b"\xff\xda", segment(
        0xC0, JPEG[JPEG.index(b"\xff\xc0") + 4 :][:15]) + b"\xff\xda", 1), (OK, *REFUSED)),
    "JPEG with a larger second frame": (JPEG.replace(b"\xff\xda", segment(0xC0, struct.pack(
        ">BHHB", 8, 60_000, 60_000, 3) + b"\1\x22\0\2\x11\1\3\x11\1") + b"\xff\xda", 1),
        (OK, *REFUSED)),
    "JPEG of restarts that never come": (in_jpeg(segment(0xDD, b"\0\1")), (OK, BROKEN)),
    "JPEG of 900,000 restarts": (lambda: JPEG[:-2] + b"\xff\xd0" * 900_000 + b"\xff\xd9", (OK,)),
    "JPEG of full Huffman tables": (in_jpeg(segment(0xC4, b"\0" + b"\xff" * 16 + bytes(4080))),
                                    (BROKEN, OK)),
    "JPEG of divisors 0": (JPEG.replace(JPEG[JPEG.index(b"\xff\xdb") + 5 :][:64], bytes(64), 1),
                           (BROKEN, OK)),
    "JPEG of transform 3": (in_jpeg(segment(0xEE, b"Adobe\0\x64\0\0\0\0\3")), (OK, BROKEN)),
    "JPEG of 300 profiles": (lambda: in_jpeg(segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(30_000))
                                             * 300), (OK, PARTS)),
    "JPEG within its own EXIF": (in_jpeg(segment(0xE1, b"Exif\0\0" + JPEG)), (OK,)),
    "JPEG of a segment of length 0": (JPEG[:2] + b"\xff\xe1\0\0" + JPEG[2:], (BROKEN, OK)),
    "JPEG of a segment beyond its end": (JPEG[:2] + b"\xff\xe1\xff\xff" + JPEG[2:], (BROKEN,)),
}  # fmt: skip


def gif(
    screen: tuple[int, int], left: int, width: int, height: int, data: bytes, code_size: int = 8
) -> bytes:
    blocks = b"".join(
        bytes([len(block)]) + block
        for block in (data[at : at + 255] for at in range(0, len(data), 255))
    )
    return (b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(6)
            + b"\x2c" + struct.pack("<HHHHB", left, 0, width, height, 0)
            + bytes([code_size]) + blocks + b"\0;")  # fmt: skip


CLEARS = b"\x00\x03\x0c\x30\xc0" * 1000  # nothing but clear codes
GIFS: dict[str, tuple[Data, tuple[Answer, ...]]] = {
    "GIF of codes of 12 bits": (gif((8, 8), 0, 8, 8, b"\0" * 90, 12), (BROKEN, OK)),
    "GIF of codes of 255 bits": (gif((8, 8), 0, 8, 8, b"\0" * 90, 255), (BROKEN, OK)),
    "GIF of clear codes": (gif((2000, 2000), 0, 2000, 2000, CLEARS), (BROKEN, OK)),
    "GIF with its frame outside": (gif((8, 8), 65_000, 8, 8, b"\0" * 9), (*REFUSED, OK)),
    "GIF with a frame of 65,535 squared": (gif((8, 8), 0, 65_535, 65_535, b"\0"), (PIXELS, BROKEN)),
    "GIF of screen 0": (gif((0, 0), 0, 0, 0, b"\0"), (BROKEN, PIXELS)),
    "GIF without a frame": (GIF[:13] + bytes(6) + b";", (BROKEN, PIXELS)),
    "GIF of 100,000 extensions": (lambda: GIF[:-1] + b"!\xf9\4\0\0\0\0\0" * 100_000 + b";",
                                  (OK, PARTS)),
    "GIF of blocks that never end": (lambda: GIF[:-2] + b"\1a" * 2_000_000, (OK, BROKEN, PARTS)),
}  # fmt: skip


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes([flags, 0, 0, 0]) + sizes


VP8 = b"VP8 ", WEBP[20:]
WEBPS: dict[str, tuple[Data, tuple[Answer, ...]]] = {
    "WebP of a canvas of 16,384 squared": (riff(canvas(16_384, 16_384), VP8), (PIXELS, BROKEN)),
    "WebP of a canvas larger than its picture": (riff(canvas(6_000, 6_000), VP8), (BROKEN, OK)),
    "WebP of a canvas smaller than its picture": (riff(canvas(1, 1), VP8), (BROKEN, OK)),
    "WebP of 4 GB": (WEBP[:4] + b"\xff\xff\xff\xff" + WEBP[8:], (BROKEN, OK)),
    "WebP with opacity that is none": (riff(canvas(64, 48, 0x10), (b"ALPH", b"\1"), VP8),
                                       (BROKEN, OK)),
    "WebP with a frame outside": (riff(canvas(64, 48, 2), (b"ANIM", bytes(6)), (
        b"ANMF", b"\xff\xff\xff" * 2 + bytes(10) + b"VP8 " + WEBP[16:])), (BROKEN, OK)),
    "WebP of 50,000 frames": (lambda: riff(canvas(64, 48, 2), (b"ANIM", bytes(6)), *[(
        b"ANMF", bytes(6) + b"\x3f\0\0\x2f\0\0" + bytes(4) + b"VP8 " + WEBP[16:])] * 4_000),
        (OK, BROKEN, PARTS)),
    "WebP without loss, of nothing": (riff((b"VP8L", b"\x2f\xff\xff\xff\0" + bytes(40))),
                                      (PIXELS, BROKEN, OK)),
    "WebP of chunks of nothing": (lambda: riff(*[(b"abcd", b"")] * 200_000, VP8),
                                  (BROKEN, PARTS, OK)),
}  # fmt: skip


def bmp(
    width: int, height: int, bits: int, kind: int, data: bytes, *, size: int = 40, colors: int = 0
) -> bytes:
    offset = 14 + 40
    return (b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset)
            + struct.pack("<IiiHHIIiiII", size, width, height, 1, bits, kind, len(data), 0, 0,
                          colors, 0) + data)  # fmt: skip


BMPS: dict[str, tuple[Data, tuple[Answer, ...]]] = {
    "BMP upside down": (bmp(8, -8, 24, 0, bytes(192)), (OK,)),
    "BMP of height -2³¹": (bmp(1, -(2**31), 24, 0, bytes(9)), (*REFUSED,)),
    "BMP of width -8": (bmp(-8, 8, 24, 0, bytes(192)), (NONE, BROKEN)),
    "BMP of 7 bits": (bmp(8, 8, 7, 0, bytes(192)), (BROKEN,)),
    "BMP of masks": (bmp(8, 8, 32, 3, b"\xff" * 12 + bytes(256)), (BROKEN, OK)),
    "BMP with a JPEG inside": (bmp(64, 48, 0, 4, JPEG), (BROKEN,)),
    "BMP with a PNG inside": (bmp(64, 48, 0, 5, pictures.PNG), (BROKEN,)),
    "BMP of a header of 2³¹": (bmp(8, 8, 24, 0, bytes(192), size=2**31), (NONE, BROKEN)),
    "BMP of four billion colors": (bmp(8, 8, 8, 0, bytes(192), colors=2**32 - 1), (BROKEN, OK)),
    "BMP without its pixels": (bmp(7_000, 7_000, 24, 0, b""), (BROKEN, OK)),
    "BMP that begins nowhere": (BMP[:10] + b"\xff\xff\xff\x7f" + BMP[14:], (BROKEN, OK)),
    "BMP of runs of four bits": (bmp(900, 900, 4, 2, b"\xff\x11" * 90_000), (BROKEN, OK)),
}  # fmt: skip


def tiff(tags: dict[int, tuple[int, int, int]], body: bytes = b"", *, next: int = 0) -> bytes:
    """Each tag is a type, a number of values and a value; the body begins at 512."""
    entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", next)
    return head + bytes(512 - len(head)) + body


def gray(width: int, height: int, compression: int, body: bytes, **tags: int) -> bytes:
    values: dict[int, tuple[int, int, int]] = {
        256: (4, 1, width), 257: (4, 1, height), 258: (3, 1, 8), 259: (3, 1, compression),
        262: (3, 1, 1), 273: (4, 1, 512), 277: (3, 1, 1), 278: (4, 1, height),
        279: (4, 1, len(body)),
    }  # fmt: skip
    return tiff(values | {int(tag[1:]): (4, 1, value) for tag, value in tags.items()}, body)


def saved(compression: str) -> Callable[[], bytes]:
    return lambda: encoded(pictures.SCENE, "TIFF", compression=compression)


TIFFS: dict[str, tuple[Data, tuple[Answer, ...]]] = {
    "TIFF whose strip is elsewhere": (gray(8, 8, 1, bytes(64), t273=2**31), (BROKEN, OK)),
    "TIFF of strips of no rows": (gray(8, 8, 1, bytes(64), t278=0), (*REFUSED, OK)),
    "TIFF of strips of 4 GB": (gray(8, 8, 1, bytes(64), t279=2**32 - 1), (BROKEN, OK)),
    "TIFF of noise in LZW": (gray(5_000, 5_000, 5, bytes(range(256)) * 40), (BROKEN, OK)),
    "TIFF of long runs": (gray(7_000, 7_000, 32_773, b"\x81\0" * 9_000), (BROKEN, OK)),
    "TIFF of a fax": (gray(60_000, 800, 4, b"\0\1" * 900, t258=1), (BROKEN, OK)),
    "TIFF in LZMA": (gray(8, 8, 34_925, b"\xfd7zXZ\0" + bytes(90)), (BROKEN, OK)),
    "TIFF in Zstandard": (gray(8, 8, 50_000, b"\x28\xb5\x2f\xfd" + bytes(90)), (BROKEN, OK)),
    "TIFF of a larger JPEG": (gray(8, 8, 7, pictures.jpeg_with_size(60_000, 60_000)),
                              (BROKEN, OK)),
    "TIFF of a JPEG of 50 megapixels": (
        lambda: gray(8, 8, 7, encoded(Image.new("L", LARGE), "JPEG")), (*REFUSED, OK)),
    "TIFF of predictor 3": (gray(8, 8, 8, zlib.compress(bytes(64)), t317=3), (BROKEN, OK)),
    "TIFF in planes": (gray(8, 8, 1, bytes(64), t284=2, t277=3), (BROKEN, OK)),
    "TIFF of samples of 64 bits": (gray(900, 900, 1, bytes(900), t258=64), (BROKEN, OK)),
    "TIFF within itself": (gray(8, 8, 1, bytes(64), t330=8), (OK, BROKEN)),
    "TIFF of width 0": (gray(0, 8, 1, bytes(64)), (BROKEN,)),
    "TIFF of size 2³²": (gray(2**32 - 1, 2**32 - 1, 1, bytes(64)), (PIXELS, BROKEN)),
    "TIFF with a text as size": (tiff({256: (2, 4, 8), 257: (2, 4, 8)}), (BROKEN,)),
    "TIFF without tags": (b"II*\0\x08\0\0\0\0\0\0\0\0\0", (BROKEN,)),
}  # fmt: skip


def avif(**options: Any) -> bytes:
    target = io.BytesIO()
    pictures.SCENE.save(target, "AVIF", speed=10, **options)
    return target.getvalue()


def with_size(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def deep_boxes(depth: int = 3_000) -> bytes:
    body = b""
    for _ in range(depth):
        body = box(b"ipco", body)
    return avif()[:32] + box(b"meta", bytes(4) + box(b"iprp", body))


def flat_avif() -> bytes:
    """A thousand bytes that are 48 megapixels."""
    return encoded(Image.new("RGB", (8_200, 5_900), "teal"), "AVIF", speed=10, quality=30)


AVIFS: dict[str, tuple[Data, tuple[Answer, ...]]] = {
    "AVIF of one kilobyte": (flat_avif, (OK,)),
    "AVIF larger than it says": (lambda: with_size(flat_avif(), 64, 48), (*REFUSED,)),
    "AVIF smaller than it says": (lambda: with_size(avif(), 6_000, 6_000), (BROKEN, OK)),
    "AVIF of size 2³²": (lambda: with_size(avif(), 2**32 - 1, 2**32 - 1), (PIXELS,)),
    "AVIF of size 0": (lambda: with_size(avif(), 0, 0), (BROKEN,)),
    "AVIF of boxes in boxes": (deep_boxes, (BROKEN, PARTS, NONE)),
    "AVIF of 200,000 boxes": (
        lambda: avif()[:32] + box(b"meta", bytes(4) + box(b"iprp", box(b"ipco", box(b"free", b"")
                                                                      * 200_000))),
        (BROKEN, PARTS)),
    "AVIF of boxes of length 1": (lambda: avif()[:32] + b"\0\0\0\1" * 90_000, (BROKEN, PARTS)),
    "AVIF without its data": (lambda: avif()[:-90], (BROKEN, OK)),
    "AVIF of noise": (lambda: (lambda a: a[:-200] + bytes(range(200)))(avif()), (BROKEN, OK)),
}  # fmt: skip


def sent(data: Data) -> bytes:
    picture = data() if callable(data) else data
    return post("/countObjects", part(picture) + b"--x--\r\n", FORM)


SLOW = ("AVIF of one kilobyte", "AVIF smaller than it says")
CASES = [
    Hostile(
        name,
        partial(sent, data),
        answers,
        seconds=30.0 if name in SLOW else 10.0,  # 36 and 48 megapixels, whose decoder gives way
        megabytes=420 if name in SLOW else 220,
    )
    for group in (PNGS, JPEGS, GIFS, WEBPS, BMPS, TIFFS, AVIFS)
    for name, (data, answers) in group.items()
]
