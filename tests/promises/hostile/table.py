"""The rows of the hostile table: a request, the answers it may have, and what it may cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Answer = tuple[int, str | None]
CLOSED: Answer = (0, None)
OK: Answer = (200, None)


@dataclass(frozen=True)
class Hostile:
    """`request` may be made when it is sent: some have forty megabytes."""

    name: str
    request: bytes | Callable[[], bytes]
    answers: tuple[Answer, ...]
    seconds: float = 10.0
    megabytes: float = 120.0

    @property
    def data(self) -> bytes:
        return self.request if isinstance(self.request, bytes) else self.request()
