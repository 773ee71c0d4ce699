"""EXIF: the orientation, and nothing else."""

from __future__ import annotations

_ORIENTATION = 0x0112
_SHORT = 3
_MAX_ENTRIES = 1_000


def orientation_of(exif: bytes) -> int:
    """The orientation in a block of EXIF (a TIFF without pixels), 1 to 8; 1 where it says none."""
    order = {b"II": "little", b"MM": "big"}.get(exif[:2])
    if order is None:
        return 1

    def number(at: int, length: int) -> int:
        return int.from_bytes(exif[at : at + length], order)  # type: ignore[arg-type]

    at = number(4, 4)
    entries = min(number(at, 2), _MAX_ENTRIES)
    for entry in range(at + 2, min(at + 2 + 12 * entries, len(exif) - 11), 12):
        if number(entry, 2) == _ORIENTATION and number(entry + 2, 2) == _SHORT:
            value = number(entry + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1
