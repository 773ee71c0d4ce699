"""Count metrics with bootstrap intervals: exact share, mean absolute error, bias, RMS error.

Pure arithmetic on rows; opens no picture and runs no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MIN_PICTURES = 5  # fewer cannot be compared at all
# Drawn anew, ten pictures look alike too often: their interval is far too narrow.
PICTURES_FOR_INTERVAL = 12
TRUTH_GROUPS = ("0", "1", "2", "3", "4", "5+")

_RESAMPLES = 2000
_SEED = 20  # fixed: the same rows give the same intervals on every machine
_INTERVAL_PERCENTILES = (2.5, 97.5)  # the 95 % interval


class Row(NamedTuple):
    """The true and the counted number of one object in one picture."""

    picture: str
    object: str
    truth: int
    counted: int

    @property
    def error(self) -> int:
        return self.counted - self.truth


@dataclass(frozen=True)
class Estimate:
    """A metric and its 95 % interval; no interval where there are fewer than
    PICTURES_FOR_INTERVAL."""

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
    errors = np.array([row.error for row in rows], np.float64)
    columns = np.column_stack(
        [errors == 0, abs(errors) <= 1, abs(errors), errors, errors**2]
    ).astype(np.float64)
    pictures = [row.picture for row in rows]
    picture_count = len(set(pictures))
    values = columns.mean(axis=0)
    enough = picture_count >= PICTURES_FOR_INTERVAL
    samples = resampled_means(columns, pictures) if enough else None
    values[-1] **= 0.5  # the mean of the squares becomes the root mean square
    if samples is not None:
        samples[:, -1] **= 0.5
    estimates = (
        _estimate(value, None if samples is None else samples[:, column])
        for column, value in enumerate(values)
    )
    return CountMetrics(len(rows), picture_count, *estimates)


def resampled_means(columns: NDArray[np.float64], pictures: Sequence[str]) -> NDArray[np.float64]:
    """Bootstrap means of the columns over resampled pictures, one row for each resample."""
    _, picture_index = np.unique(np.array(pictures), return_inverse=True)
    picture_count = int(picture_index.max()) + 1
    sums = np.zeros((picture_count, columns.shape[1] + 1))
    np.add.at(sums, picture_index, np.column_stack([columns, np.ones(len(columns))]))
    rng = np.random.default_rng(_SEED)
    uniform = np.full(picture_count, 1 / picture_count)
    draws = rng.multinomial(picture_count, uniform, size=_RESAMPLES)
    totals = draws @ sums
    means: NDArray[np.float64] = totals[:, :-1] / totals[:, -1:]
    return means


def by_label(rows: Sequence[Row]) -> dict[str, CountMetrics]:
    return _grouped(rows, lambda row: row.object, dict.fromkeys(row.object for row in rows))


def by_truth(rows: Sequence[Row]) -> dict[str, CountMetrics]:
    """By true count: 0, 1, 2, 3, 4, and five or more together."""
    return _grouped(rows, lambda row: truth_group(row.truth), TRUTH_GROUPS)


def truth_group(truth: int) -> str:
    return TRUTH_GROUPS[min(truth, len(TRUTH_GROUPS) - 1)]


def nonzero_rows(rows: Sequence[Row]) -> list[Row]:
    """Rows with a true count above zero: zeros are easy to get right and would hide the rest."""
    return [row for row in rows if row.truth]


def _grouped(
    rows: Sequence[Row], key: Callable[[Row], str], groups: Iterable[str]
) -> dict[str, CountMetrics]:
    rows_by_group = {group: [row for row in rows if key(row) == group] for group in groups}
    return {group: count_metrics(rows) for group, rows in rows_by_group.items() if rows}


def _estimate(value: float, samples: NDArray[np.float64] | None) -> Estimate:
    if samples is None:
        return Estimate(float(value))
    low, high = np.percentile(samples, _INTERVAL_PERCENTILES)
    return Estimate(float(value), float(low), float(high))
