"""What a header says, and the errors of those that read one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Header:
    """A picture file as its header describes it."""

    format: str
    width: int
    height: int
    """As stored, before the orientation is applied."""
    essential: bytes
    """The file without metadata and without further frames."""
    orientation: int = 1
    animated: bool = False
    """Further frames or pages follow the first."""
    components: int = 3
    """Of a JPEG: one is gray, four are inks."""
    plain: bool = False
    """A JPEG of one pass over its blocks: decoding needs no memory but its pixels'."""
    run_lengths: bool = False
    """A BMP whose rows are written as run lengths."""

    @property
    def pixels(self) -> int:
        return self.width * self.height


class TooManyParts(Exception):  # noqa: N818 - reads as what happened
    """The file has more parts than any picture needs."""

    def __init__(self, allowed: int) -> None:
        super().__init__(allowed)
        self.allowed = allowed


class NotThisFormat(Exception):  # noqa: N818 - reads as what happened
    """The signature is there, but what follows is no such file."""


class Counter:
    """Counts the parts of a file up to a limit."""

    def __init__(self, allowed: int) -> None:
        self.allowed, self.number = allowed, 0

    def add(self, parts: int = 1) -> None:
        self.number += parts
        if self.number > self.allowed:
            raise TooManyParts(self.allowed)


def part(data: bytes, at: int, length: int) -> bytes:
    """So many bytes; fewer are an error."""
    if at < 0 or length < 0 or at + length > len(data):
        raise ValueError(f"{length} bytes at {at} of {len(data)}")
    return data[at : at + length]
