"""Headers of picture files: size, orientation, and the file without its metadata.

Each reader walks the parts of its format once, within limits, and believes no number that it finds
there. What it leaves out (EXIF, texts, colour profiles, further frames) reaches no decoder.
"""

from __future__ import annotations

from collections.abc import Callable

from countlab.errors import CountlabError
from countlab.imaging.headers import bmp, gif, isobmff, jpeg, png, tiff, webp
from countlab.imaging.headers.header import Header as Header
from countlab.imaging.headers.header import NotThisFormat, TooManyParts

_READERS: dict[str, Callable[[bytes], Header]] = {
    "JPEG": jpeg.read,
    "PNG": png.read,
    "WEBP": webp.read,
    "GIF": gif.read,
    "BMP": bmp.read,
    "TIFF": tiff.read,
    "AVIF": isobmff.read,
    "HEIF": isobmff.read,
}
_SIGNATURES: dict[str, tuple[bytes, ...]] = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "BMP": (b"BM",),
}


def guess_format(data: bytes) -> str | None:
    """The format whose signature the data starts with."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return isobmff.format_of(data)
    return next((name for name, starts in _SIGNATURES.items() if data.startswith(starts)), None)


def read_header(data: bytes) -> Header:
    """What is known of a picture before anything is decoded."""
    format = guess_format(data)
    if format is None:
        raise _not_a_picture(data)
    try:
        header = _READERS[format](data)
    except NotThisFormat as reason:
        raise _not_a_picture(data) from reason
    except TooManyParts as reason:
        raise CountlabError("too_many_parts", format=format, allowed=reason.allowed) from None
    except (ValueError, LookupError, ArithmeticError) as reason:
        raise CountlabError("broken_picture", format=format) from reason
    if header.width < 1 or header.height < 1:
        raise CountlabError("broken_picture", format=format)
    return header


def _not_a_picture(data: bytes) -> CountlabError:
    """With the start of the data in readable form: people recognize a text or a web page."""
    starts = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data[:24])
    return CountlabError("not_a_picture", starts=starts)
