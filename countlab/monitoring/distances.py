"""How far two distributions are apart, and whether chance alone explains it.

Formulas of a few lines each. A library such as evidently would bring pandas, plotly and a server
of its own for them, and could not read the history.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

_LEAST = 1e-4  # the share of an empty bin: its logarithm must be finite


def population_stability(expected: Sequence[float], actual: Sequence[float]) -> float:
    """PSI of two histograms; below 0.1 is small, above 0.25 is large, as is usual to say.

    What so few pictures would show by chance alone is taken off.
    """
    if not sum(expected) or not sum(actual):
        return 0.0
    before, after = _shares(expected), _shares(actual)
    index = float(np.sum((after - before) * np.log(after / before)))
    used = sum(1 for a, b in zip(expected, actual, strict=True) if a or b)
    by_chance = max(0, used - 1) * (1 / sum(expected) + 1 / sum(actual))
    return max(0.0, index - by_chance)


def kolmogorov_smirnov(expected: Sequence[float], actual: Sequence[float]) -> float:
    """The probability that two histograms of ordered bins come from one distribution."""
    n, m = sum(expected), sum(actual)
    if not n or not m:
        return 1.0
    gap = float(np.max(np.abs(np.cumsum(expected) / n - np.cumsum(actual) / m)))
    scaled = gap * (math.sqrt(n * m / (n + m)) + 0.12 + 0.11 / math.sqrt(n * m / (n + m)))
    terms = (2 * (-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, sum(terms))) if scaled > 0.2 else 1.0


def chi_squared(expected: Sequence[float], actual: Sequence[float]) -> float:
    """The probability that two rows of counts come from one distribution."""
    table = np.array([expected, actual], np.float64)
    table = table[:, table.sum(0) > 0]
    if table.shape[1] < 2 or not table.sum(1).all():
        return 1.0
    by_chance = np.outer(table.sum(1), table.sum(0)) / table.sum()
    return _chi_squared_tail(
        float(((table - by_chance) ** 2 / by_chance).sum()), table.shape[1] - 1
    )


def aligned(
    expected: Mapping[str, float], actual: Mapping[str, float]
) -> tuple[list[float], list[float]]:
    """Two tables of labels as two rows in one order."""
    labels = sorted({*expected, *actual})
    return [expected.get(one, 0) for one in labels], [actual.get(one, 0) for one in labels]


def _shares(counts: Sequence[float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    shares = np.maximum(np.asarray(counts, np.float64) / sum(counts), _LEAST)
    return np.asarray(shares / shares.sum())


def _chi_squared_tail(value: float, freedom: int) -> float:
    """The chance of more than `value`, by the series of its degrees of freedom in steps of two."""
    half = value / 2
    tail = math.erfc(math.sqrt(half)) if freedom % 2 else math.exp(-half)
    for k in range(2 - freedom % 2, freedom, 2):
        if half:
            tail += math.exp(k / 2 * math.log(half) - half - math.lgamma(k / 2 + 1))
    return min(1.0, tail)
