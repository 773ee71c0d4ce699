"""How long fetching a file may take, and who hears of its progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str, int, "int | None"], None]
"""Called with the file's name, the bytes downloaded so far, and the total if it is known."""


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a connection, between two pieces, and for a file in all."""

    connect_s: float = 10.0
    stall_s: float = 30.0
    total_s: float = 1800.0
