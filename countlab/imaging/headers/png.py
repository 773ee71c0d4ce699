"""PNG: a chain of chunks."""

from __future__ import annotations

from countlab.imaging.headers.exif import orientation_of
from countlab.imaging.headers.header import Counter, Header, part

_MAX_CHUNKS = 20_000
_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_START = 8


def read(data: bytes) -> Header:
    counter, kept = Counter(_MAX_CHUNKS), [data[:_START]]
    at, orientation, animated = _START, 1, False
    if part(data, at, 8)[4:] != b"IHDR":
        raise ValueError("no header")
    size = part(data, at + 8, 8)
    while at + 8 <= len(data):
        counter.add()
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in _KEPT:
            kept.append(data[at : at + 12 + length])
        elif kind == b"eXIf":
            orientation = orientation_of(data[at + 8 : at + 8 + length])
        elif kind == b"acTL":
            animated = int.from_bytes(data[at + 8 : at + 12], "big") > 1
        at += 12 + length
        if kind == b"IEND":
            break
    return Header(
        "PNG",
        width=int.from_bytes(size[:4], "big"),
        height=int.from_bytes(size[4:], "big"),
        essential=b"".join(kept),
        orientation=orientation,
        animated=animated,
    )
