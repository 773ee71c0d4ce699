"""GIF: blocks up to the second frame."""

from __future__ import annotations

from countlab.imaging.headers.header import Counter, Header, part

_MAX_BLOCKS = 5_000  # of comments and other extensions; pixel data is not counted
_IMAGE, _EXTENSION, _END, _CONTROL = 0x2C, 0x21, 0x3B, 0xF9


def read(data: bytes) -> Header:
    """The first frame alone, with the extension before it that says what is transparent."""
    screen = part(data, 0, 13)
    width, height = _short(screen, 6), _short(screen, 8)
    at = 13 + _palette_bytes(screen[10])
    control, frame = b"", b""
    counter = Counter(_MAX_BLOCKS)
    animated = False
    while at < len(data) and data[at] != _END:
        counter.add()
        start = at
        if data[at] == _IMAGE:
            if frame:
                animated = True
                break
            head = part(data, at, 10)
            at = _end_of_blocks(data, at + 11 + _palette_bytes(head[9]))[0]
            width = max(width, _short(head, 1) + _short(head, 5))
            height = max(height, _short(head, 3) + _short(head, 7))
            frame = data[start:at]
        elif data[at] == _EXTENSION:
            at, blocks = _end_of_blocks(data, at + 2)
            counter.add(blocks)
            if data[start + 1 : start + 2] == bytes([_CONTROL]) and not frame:
                control = data[start:at]
        else:
            at += 1
    if not frame:
        raise ValueError("no frame")
    essential = data[: 13 + _palette_bytes(screen[10])] + control + frame + bytes([_END])
    return Header("GIF", width, height, essential, animated=animated)


def _end_of_blocks(data: bytes, at: int) -> tuple[int, int]:
    """The offset behind a chain of length-prefixed blocks, and their number."""
    blocks = 1
    while at < len(data) and data[at]:
        at += 1 + data[at]
        blocks += 1
    if at >= len(data):
        raise ValueError("cut off")
    return at + 1, blocks


def _short(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
