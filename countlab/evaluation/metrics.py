"""How far counts are off: the shares, means and intervals that everything else quotes.

Pure arithmetic on rows; opens no picture and runs no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 2000
_SEED = 20  # the same rows give the same intervals, on every machine
FEWEST_PICTURES = 5  # resampling fewer says nothing about the pictures that are not here
_OUTSIDE = (2.5, 97.5)  # percent: what lies between is the 95 % interval
TRUTHS = ("0", "1", "2", "3", "4", "5+")


class Row(NamedTuple):
    """One object in one picture: how many there are, and how many were counted."""

    picture: str
    object: str
    truth: int
    counted: int

    @property
    def error(self) -> int:
        return self.counted - self.truth


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval, which too few pictures do not give."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CountMetrics:
    """`bias` is positive where too many are counted; `mae` and `rms` are in objects."""

    rows: int
    pictures: int
    exact: Estimate
    within_one: Estimate
    mae: Estimate
    bias: Estimate
    rms: Estimate

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def count_metrics(rows: Sequence[Row]) -> CountMetrics:
    """Pictures are resampled, not rows: the objects of one picture share its light and angle."""
    off = np.array([row.error for row in rows], np.float64)
    told = np.column_stack([off == 0, abs(off) <= 1, abs(off), off, off**2]).astype(np.float64)
    pictures = [row.picture for row in rows]
    enough = len(set(pictures)) >= FEWEST_PICTURES
    values, samples = told.mean(axis=0), resampled_means(told, pictures) if enough else None
    values[-1] **= 0.5  # the mean of the squares becomes the root mean square
    if samples is not None:
        samples[:, -1] **= 0.5
    estimates = (
        _estimate(value, None if samples is None else samples[:, place])
        for place, value in enumerate(values)
    )
    return CountMetrics(len(rows), len(set(pictures)), *estimates)


def resampled_means(told: NDArray[np.float64], pictures: Sequence[str]) -> NDArray[np.float64]:
    """Means of the columns over pictures drawn anew, one line for each draw."""
    _, which = np.unique(np.array(pictures), return_inverse=True)
    number = int(which.max()) + 1
    sums = np.zeros((number, told.shape[1] + 1))
    np.add.at(sums, which, np.column_stack([told, np.ones(len(told))]))
    chance = np.random.default_rng(_SEED)
    drawn = chance.multinomial(number, np.full(number, 1 / number), size=_RESAMPLES)
    totals = drawn @ sums
    means: NDArray[np.float64] = totals[:, :-1] / totals[:, -1:]
    return means


def by_label(rows: Sequence[Row]) -> dict[str, CountMetrics]:
    return _by(rows, lambda row: row.object, dict.fromkeys(row.object for row in rows))


def by_truth(rows: Sequence[Row]) -> dict[str, CountMetrics]:
    """By how many there are: 0, 1, 2, 3, 4, and five or more together."""
    return _by(rows, lambda row: truth_group(row.truth), TRUTHS)


def truth_group(truth: int) -> str:
    return TRUTHS[min(truth, len(TRUTHS) - 1)]


def present(rows: Sequence[Row]) -> list[Row]:
    """Rows where there is something to count: zeros come easily and would hide the rest."""
    return [row for row in rows if row.truth]


def _by(
    rows: Sequence[Row], key: Callable[[Row], str], groups: Iterable[str]
) -> dict[str, CountMetrics]:
    some = {group: [row for row in rows if key(row) == group] for group in groups}
    return {group: count_metrics(mine) for group, mine in some.items() if mine}


def _estimate(value: float, samples: NDArray[np.float64] | None) -> Estimate:
    if samples is None:
        return Estimate(float(value))
    low, high = np.percentile(samples, _OUTSIDE)
    return Estimate(float(value), float(low), float(high))
