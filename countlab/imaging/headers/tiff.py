"""TIFF: the first directory, rewritten with the tags that its pixels need."""

from __future__ import annotations

import struct

from countlab.imaging.headers.header import Counter, Header, part

_MAX_TAGS = 1_000
_MAX_STRIPS = 20_000
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BYTES |= {16: 8, 17: 8, 18: 8}  # of BigTIFF
_WHOLE_NUMBERS = (1, 3, 4, 16)
_WIDTH, _HEIGHT, _ORIENTATION, _TILE_WIDTH, _TILE_HEIGHT = 256, 257, 274, 322, 323
_OFFSETS = (273, 324)  # of strips, of tiles
# Sizes, compression, colours, strips and tiles, tables of JPEG and fax.
_KEPT = {*range(256, 260), 262, 263, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320}
_KEPT |= {*range(322, 326), 332, 334, 336, 338, 339, 347, *range(512, 522), *range(529, 533)}


class _Layout:
    """Byte order, and the widths of a classic TIFF or of a BigTIFF."""

    def __init__(self, data: bytes) -> None:
        self.order = "<" if data[:2] == b"II" else ">"
        self.big = data[2:4] in (b"+\0", b"\0+")
        self.count_bytes, self.entry_bytes, self.value_bytes = (
            (8, 20, 8) if self.big else (2, 12, 4)
        )

    def number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self.order == "<" else "big")


def read(data: bytes) -> Header:
    layout = _Layout(data)
    first = layout.number(part(data, 8, 8) if layout.big else part(data, 4, 4))
    number = layout.number(part(data, first, layout.count_bytes))
    Counter(_MAX_TAGS).add(number)
    at = first + layout.count_bytes
    entries = [
        part(data, at + index * layout.entry_bytes, layout.entry_bytes) for index in range(number)
    ]
    end = at + number * layout.entry_bytes
    following = layout.number(data[end : end + layout.value_bytes])
    kept = {tag: entry for entry in entries if (tag := layout.number(entry[:2])) in _KEPT}
    _check_extent(data, layout, kept)
    values = {
        layout.number(entry[:2]): _value(layout, entry)
        for entry in entries
        if layout.number(entry[:2]) in (_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT, _ORIENTATION)
    }
    width, height = values[_WIDTH], values[_HEIGHT]
    # Tiles are decoded whole, whatever the picture's own size.
    tile = values.get(_TILE_WIDTH, 1), values.get(_TILE_HEIGHT, 1)
    if tile[0] * tile[1] > width * height:
        width, height = tile
    return Header(
        "TIFF",
        width,
        height,
        _rewritten(data, layout, kept),
        orientation=values.get(_ORIENTATION, 1),
        animated=following not in (0, first),
    )


def _check_extent(data: bytes, layout: _Layout, kept: dict[int, bytes]) -> None:
    """Many tags may point at one large block: together they hold no more than the file does."""
    together = 0
    strips = Counter(_MAX_STRIPS)
    for tag, entry in kept.items():
        count = layout.number(entry[4 : 4 + layout.value_bytes])
        if tag in _OFFSETS:
            strips.add(count)
        together += count * _BYTES[layout.number(entry[2:4])]
    if together > len(data):
        raise ValueError("the tags hold more than the file")


def _value(layout: _Layout, entry: bytes) -> int:
    kind, count = layout.number(entry[2:4]), layout.number(entry[4 : 4 + layout.value_bytes])
    if kind not in _WHOLE_NUMBERS or count != 1:
        raise ValueError("not one whole number")
    start = 4 + layout.value_bytes
    return layout.number(entry[start : start + _BYTES[kind]])


def _rewritten(data: bytes, layout: _Layout, kept: dict[int, bytes]) -> bytes:
    """The file with a new directory at its end; offsets stay what they were."""
    at = len(data) + len(data) % 2
    padding = b"\0" * (len(data) % 2)
    if layout.big:
        start = data[:8] + struct.pack(layout.order + "Q", at)
        count = struct.pack(layout.order + "Q", len(kept))
    else:
        start = data[:4] + struct.pack(layout.order + "I", at)
        count = struct.pack(layout.order + "H", len(kept))
    directory = b"".join(kept[tag] for tag in sorted(kept))
    return b"".join(
        [start, data[len(start) :], padding, count, directory, bytes(layout.value_bytes)]
    )
