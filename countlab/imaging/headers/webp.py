"""WebP: a RIFF file of chunks."""

from __future__ import annotations

from countlab.imaging.headers.exif import orientation_of
from countlab.imaging.headers.header import Counter, Header, part

_MAX_CHUNKS = 1_000
_ANIMATED, _HAS_ALPHA = 0x02, 0x10
_FRAME_HEAD = 16  # bytes before the chunks of an animation's frame


def read(data: bytes) -> Header:
    """Of an animation the first frame, where it fills the picture; else the whole file."""
    chunks = _chunks(data, 12, len(data))
    kind, body = chunks[0]
    if kind != b"VP8X":
        width, height = _frame_size(kind, body)
        return Header("WEBP", width, height, _file([(kind, body)]))
    flags = part(body, 0, 1)[0]
    width, height = (1 + int.from_bytes(part(body, at, 3), "little") for at in (4, 7))
    by_kind = dict(reversed(chunks))  # the first of each kind
    exif = by_kind.get(b"EXIF", b"").removeprefix(b"Exif\0\0")
    frames = [body for kind, body in chunks if kind == b"ANMF"]
    if flags & _ANIMATED and frames:
        essential = _first_frame(frames[0], width, height) or data
    else:
        essential = _file(_of_frame(chunks, width, height))
    return Header(
        "WEBP",
        width,
        height,
        essential,
        orientation=orientation_of(exif),
        animated=bool(flags & _ANIMATED) and len(frames) > 1,
    )


def _chunks(data: bytes, at: int, end: int) -> list[tuple[bytes, bytes]]:
    counter, chunks = Counter(_MAX_CHUNKS), []
    while at + 8 <= end:
        counter.add()
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        chunks.append((data[at : at + 4], data[at + 8 : min(at + 8 + length, end)]))
        at += 8 + length + length % 2
    if not chunks:
        raise ValueError("no chunks")
    return chunks


def _frame_size(kind: bytes, body: bytes) -> tuple[int, int]:
    """Of one picture's data, lossy or lossless."""
    if kind == b"VP8L":
        bits = int.from_bytes(part(body, 1, 4), "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        size = part(body, 6, 4)
        return int.from_bytes(size[:2], "little") & 0x3FFF, int.from_bytes(
            size[2:], "little"
        ) & 0x3FFF
    raise ValueError("no picture data")


def _first_frame(frame: bytes, width: int, height: int) -> bytes | None:
    left, top, wide, high = (int.from_bytes(part(frame, at, 3), "little") for at in (0, 3, 6, 9))
    if (left, top, wide + 1, high + 1) != (0, 0, width, height):
        return None
    return _file(_of_frame(_chunks(frame, _FRAME_HEAD, len(frame)), width, height))


def _of_frame(
    chunks: list[tuple[bytes, bytes]], width: int, height: int
) -> list[tuple[bytes, bytes]]:
    """The chunks of one picture: its data, after a header where it has transparency apart."""
    kind, body = next((chunk for chunk in chunks if chunk[0] in (b"VP8 ", b"VP8L")), chunks[0])
    if _frame_size(kind, body) != (width, height):
        raise ValueError("the picture's data have another size than its header says")
    alpha = next((body for kind, body in chunks if kind == b"ALPH"), None)
    if kind == b"VP8L" or alpha is None:
        return [(kind, body)]
    head = bytes([_HAS_ALPHA, 0, 0, 0]) + b"".join(
        (side - 1).to_bytes(3, "little") for side in (width, height)
    )
    return [(b"VP8X", head), (b"ALPH", alpha), (kind, body)]


def _file(chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(
        kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
        for kind, body in chunks
    )
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body
