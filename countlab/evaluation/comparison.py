"""Whether one result counts worse than another, on the same pictures: a gate for CI.

Paired: what matters is by how much the error differs in each picture, which says far more than
two averages side by side.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countlab.errors import CountlabError
from countlab.evaluation.metrics import FEWEST_PICTURES, Row, resampled_means

_OUTSIDE = (5, 95)  # percent: 95 % sure that it is above `low`, 95 % that it is below `high`


@dataclass(frozen=True)
class Increase:
    """How much larger the mean absolute error is than the other's; negative where it is less."""

    other: str
    rows: int
    pictures: int
    value: float
    low: float
    high: float

    def exceeds(self, bound: float, *, strict: bool = False) -> bool:
        """Worse for certain: even the lower end lies above the bound.

        `strict` asks for the opposite proof, and fails unless the upper end lies within it.
        """
        return (self.high if strict else self.low) > bound

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


def increase(rows: Sequence[Row], others: Sequence[Row], *, other: str) -> Increase:
    """On the pictures and objects that both have judged."""
    theirs = {(row.picture, row.object): row for row in others}
    pairs = [(row, theirs[key]) for row in rows if (key := (row.picture, row.object)) in theirs]
    if not pairs:
        raise CountlabError("nothing_in_common", other=other)
    for mine, their in pairs:
        if mine.truth != their.truth:
            facts = {"picture": mine.picture, "object": mine.object}
            raise CountlabError(
                "other_truth", other=other, arrived=their.truth, expected=mine.truth, **facts
            )
    off = np.array([[abs(mine.error) - abs(their.error)] for mine, their in pairs], np.float64)
    pictures = [mine.picture for mine, _ in pairs]
    number = len(set(pictures))
    if number < FEWEST_PICTURES:
        raise CountlabError("too_few_pictures", arrived=number, needed=FEWEST_PICTURES)
    low, high = np.percentile(resampled_means(off, pictures), _OUTSIDE)
    return Increase(other, len(pairs), number, float(off.mean()), float(low), float(high))


def read_result(path: Path) -> tuple[str, list[Row]]:
    """The rows of what `countlab evaluate --json` printed for one model and engine."""
    try:
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
        rows = [[Row(*row) for row in one["rows"]] for one in results]
        names = [f"{one['model']} · {one['engine']} {one['precision']}" for one in results]
    except OSError as reason:
        raise CountlabError("no_result", path=path) from reason
    except (ValueError, KeyError, TypeError) as reason:
        raise CountlabError("bad_result", path=path) from reason
    if len(rows) != 1:
        raise CountlabError("many_results", path=path, arrived=len(rows), names=names)
    return f"{path} ({names[0]})", rows[0]
