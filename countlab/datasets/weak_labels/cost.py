"""What asking a vision model will cost, before it starts; and the budget while it runs."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from countlab.datasets.weak_labels.cache import Answer

MAX_SIDE_PX = 768
"""Pictures are sent no larger: an octagon of 24 px in 500 is seen, and tokens are pixels."""
_TILE_PX, _TOKENS_A_TILE, _TOKENS_A_PICTURE = 512, 170, 85  # as the known services count
_LETTERS_A_TOKEN = 3.5
_TOKENS_AROUND = 30
_TOKENS_OUT = 12


@dataclass(frozen=True)
class Prices:
    """Of a million tokens, in whatever currency the service names."""

    tokens_in: float
    tokens_out: float

    def of(self, answer: Answer) -> float:
        return (answer.tokens_in * self.tokens_in + answer.tokens_out * self.tokens_out) / 1e6


@dataclass(frozen=True)
class Estimate:
    """Of all requests that are still to be made."""

    requests: int
    cached: int
    tokens: Answer
    cost: float | None


def estimate(
    sizes: Sequence[tuple[int, int]], *, instruction: str, cached: int, prices: Prices | None
) -> Estimate:
    """`sizes` has width and height of each picture that will be asked about."""
    text = math.ceil(len(instruction) / _LETTERS_A_TOKEN) + _TOKENS_AROUND
    tokens = Answer("", sum(picture_tokens(*size) + text for size in sizes),
                    _TOKENS_OUT * len(sizes))  # fmt: skip
    return Estimate(len(sizes), cached, tokens, prices.of(tokens) if prices else None)


def picture_tokens(width: int, height: int) -> int:
    scale = min(1.0, MAX_SIDE_PX / max(width, height))
    across, down = (math.ceil(side * scale / _TILE_PX) for side in (width, height))
    return _TOKENS_A_PICTURE + _TOKENS_A_TILE * across * down


@dataclass
class Budget:
    """Counts what was spent; `may_ask` says whether one more request fits."""

    limit: float | None
    prices: Prices | None
    each: float
    """What one request is expected to cost, and at least what one did."""
    spent: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def may_ask(self) -> bool:
        """Counts the requests under way as spent already."""
        with self._lock:
            fits = self.limit is None or self.spent + (self._open + 1) * self.each <= self.limit
            self._open += fits
            return fits

    def settle(self, answer: Answer | None) -> None:
        with self._lock:
            self._open -= 1
            if answer is None:
                return
            self.tokens_in += answer.tokens_in
            self.tokens_out += answer.tokens_out
            if self.prices:
                cost = self.prices.of(answer) or self.each
                self.spent += cost
                self.each = max(self.each, cost)
