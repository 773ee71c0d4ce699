"""BMP: one header."""

from __future__ import annotations

from countlab.imaging.headers.header import Header, NotThisFormat

_HEADER_BYTES = (12, 40, 52, 56, 64, 108, 124)
_RUN_LENGTHS = (1, 2)


def read(data: bytes) -> Header:
    """Two letters are a weak signature: what does not fit them is no BMP."""

    def number(at: int, length: int, *, signed: bool = False) -> int:
        return int.from_bytes(data[at : at + length], "little", signed=signed)

    length = number(14, 4)
    if length not in _HEADER_BYTES or len(data) < 14 + length:
        raise NotThisFormat
    if length == 12:
        width, height, compression = number(18, 2), number(20, 2), 0
    else:
        width, height = number(18, 4, signed=True), abs(number(22, 4, signed=True))
        compression = number(30, 4)
    if width < 1 or height < 1:
        raise NotThisFormat
    return Header("BMP", width, height, data, run_lengths=compression in _RUN_LENGTHS)
