"""AVIF and HEIC: boxes within boxes. Only sizes and turns are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from countlab.imaging.headers.header import Counter, Header, part

_MAX_BOXES = 2_000
_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"}
_MAX_BRANDS = 32
_WITHIN = {b"meta": (b"iprp", 4), b"iprp": (b"ipco", 0), b"ipco": (b"", 0)}
"""Where the properties are: the box to look for in a box, and the bytes before it."""
_MAX_PROPERTY = 64
_ORIENTATIONS: dict[tuple[int, int | None], int] = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7,
    (0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5,
}  # fmt: skip
"""By quarters turned, and then mirrored: the same as an EXIF orientation."""


def format_of(data: bytes) -> str | None:
    """By the brands of its first box; films and other files of this kind are no pictures."""
    length = min(int.from_bytes(data[:4], "big"), 8 + 4 * _MAX_BRANDS)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, length, 4))]
    for brand in brands:
        if brand in _AVIF:
            return "AVIF"
        if brand in _HEIC:
            return "HEIF"
    return None


@dataclass
class _Properties:
    """What the properties of the items in a file say."""

    sizes: list[tuple[int, int]] = field(default_factory=list)
    quarters: int = 0
    """Turns against the clock."""
    mirror: int | None = None


def read(data: bytes) -> Header:
    counter, found = Counter(_MAX_BOXES), _Properties()
    for kind, content in _properties(data, 0, len(data), b"meta", counter):
        if kind == b"ispe":
            size = part(content, 4, 8)
            found.sizes.append((int.from_bytes(size[:4], "big"), int.from_bytes(size[4:], "big")))
        elif kind == b"irot":
            found.quarters = part(content, 0, 1)[0] & 3
        elif kind == b"imir":
            found.mirror = part(content, 0, 1)[0] & 1
    width, height = max(found.sizes, key=lambda size: size[0] * size[1])  # others are smaller parts
    return Header(
        str(format_of(data)),
        width,
        height,
        data,
        orientation=_ORIENTATIONS[found.quarters, found.mirror],
        animated=data[8:12] in (b"avis", b"hevc"),
    )


def _properties(
    data: bytes, at: int, end: int, wanted: bytes, counter: Counter
) -> Iterator[tuple[bytes, bytes]]:
    """The properties of items: the boxes in `ipco` in `iprp` in `meta`."""
    while at + 8 <= end:
        counter.add()
        length, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(part(data, at + 8, 8), "big"), 16
        length = end - at if length == 0 else length
        if length < head:
            raise ValueError("a box shorter than its own head")
        if not wanted:
            yield kind, data[at + head : min(at + length, end, at + head + _MAX_PROPERTY)]
        elif kind == wanted:
            inner, skipped = _WITHIN[kind]
            start = at + head + skipped
            yield from _properties(data, start, min(at + length, end), inner, counter)
        at += length
