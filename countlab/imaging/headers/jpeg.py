"""JPEG: segments up to the first scan, then the scans."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from countlab.imaging.headers.exif import orientation_of
from countlab.imaging.headers.header import Counter, Header, part

# Far above what cameras and programs write, far below what keeps a core busy for a second.
_MAX_SEGMENTS = 1_000
_MAX_SCANS = 100
_SOI, _EOI, _SOS, _DNL = 0xD8, 0xD9, 0xDA, 0xDC
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_SEQUENTIAL = (0xC0, 0xC1)  # Huffman-coded; others are progressive, lossless or arithmetic
_TABLES = frozenset({0xC4, 0xCC, 0xDB, 0xDD})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # in a scan, anything else is data


@dataclass
class _Segments:
    """What was read so far."""

    kept: list[bytes] = field(default_factory=lambda: [b"\xff\xd8"])
    frame: bytes = b""
    frame_marker: int = 0
    orientation: int = 1
    pictures: int = 1
    seen: set[bytes] = field(default_factory=set)


def read(data: bytes) -> Header:
    segments = _Segments()
    at = _read_segments(data, segments)
    if len(segments.frame) < 6:
        raise ValueError("no frame before the first scan")
    scans, end = _read_scans(data, at)
    precision, components = segments.frame[0], segments.frame[5]
    in_scan = part(data, at + 4, 1)[0]
    plain = (
        segments.frame_marker in _SEQUENTIAL
        and precision == 8
        and components in (1, 3)
        and in_scan == components
        and scans == 1
    )
    return Header(
        "JPEG",
        width=int.from_bytes(segments.frame[3:5], "big"),
        height=int.from_bytes(segments.frame[1:3], "big"),
        essential=b"".join([*segments.kept, data[at:end]]),
        orientation=segments.orientation,
        animated=segments.pictures > 1,
        components=components,
        plain=plain,
    )


def _read_segments(data: bytes, segments: _Segments) -> int:
    """Up to the first scan, whose offset is returned; fill bytes count, as decoders read each."""
    at, counter = 2, Counter(_MAX_SEGMENTS)
    while True:
        counter.add()
        marker = part(data, at, 2)
        if marker[0] != 0xFF or marker[1] == 0xFF:
            at += 1
        elif marker[1] == _SOS:
            return at
        elif marker[1] == _EOI:
            raise ValueError("no scan")
        elif marker[1] in _WITHOUT_LENGTH:
            at += 2
        else:
            length = int.from_bytes(part(data, at + 2, 2), "big")
            _read_segment(marker[1], part(data, at, 2 + max(length, 2)), segments)
            at += 2 + max(length, 2)


def _read_segment(marker: int, segment: bytes, segments: _Segments) -> None:
    content = segment[4:]
    if marker in _FRAMES:
        if segments.frame:
            raise ValueError("a second frame")
        segments.frame, segments.frame_marker = content, marker
        segments.kept.append(segment)
    elif marker in _TABLES:
        segments.kept.append(segment)
    elif content[:5] in (b"JFIF\0", b"Adobe") and content[:5] not in segments.seen:
        segments.seen.add(content[:5])  # they say which colours the components are
        segments.kept.append(segment)
    elif marker == 0xE1 and content[:6] == b"Exif\0\0" and b"Exif" not in segments.seen:
        segments.seen.add(b"Exif")
        segments.orientation = orientation_of(content[6:])
    elif marker == 0xE2 and content[:4] == b"MPF\0":
        segments.pictures = max(segments.pictures, _pictures_in_index(content[4:]))


def _read_scans(data: bytes, at: int) -> tuple[int, int]:
    """How many scans there are, and where the picture ends."""
    scans, segments = Counter(_MAX_SCANS), Counter(_MAX_SEGMENTS)
    while True:
        marker = data[at + 1]
        if marker == _EOI:
            return scans.number, at + 2
        if marker in (_SOI, 0x01):
            at += 2
        else:
            (scans if marker == _SOS else segments).add()
            length = int.from_bytes(part(data, at + 2, 2), "big")
            part(data, at, 2 + length)
            at += 2 + length
        found = _MARKER.search(data, at)
        if not found:
            raise ValueError("no end of the picture")
        at = found.start()


def _pictures_in_index(index: bytes) -> int:
    """Of a multi-picture file, whose first one is read."""
    order = {b"II": "little", b"MM": "big"}.get(index[:2])
    if order is None:
        return 1

    def number(at: int, length: int) -> int:
        return int.from_bytes(index[at : at + length], order)  # type: ignore[arg-type]

    at = number(4, 4)
    for entry in range(at + 2, min(at + 2 + 12 * number(at, 2), len(index) - 11), 12):
        if number(entry, 2) == 0xB001:
            return number(entry + 8, 4)
    return 1
