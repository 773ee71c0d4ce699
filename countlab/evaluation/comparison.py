"""Paired comparison of two evaluation results on the same pictures: a gate for CI.

The difference of the errors in each picture is estimated: that is far more precise than comparing
two averages.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countlab.errors import CountlabError
from countlab.evaluation.metrics import MIN_PICTURES, Row, resampled_means

_INTERVAL_PERCENTILES = (5, 95)  # 95 % sure to lie above `low`, and 95 % sure to lie below `high`


@dataclass(frozen=True)
class Increase:
    """By how much the mean absolute error exceeds the other result's; negative where it is less."""

    other: str
    rows: int
    pictures: int
    value: float
    low: float
    high: float

    def exceeds(self, bound: float, *, strict: bool = False) -> bool:
        """Whether the increase is certainly above the bound: even its lower end is.

        `strict` reverses the burden of proof: true unless the upper end is within the bound.
        """
        return (self.high if strict else self.low) > bound

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


def increase(rows: Sequence[Row], other_rows: Sequence[Row], *, other: str) -> Increase:
    """On the pictures and objects that both results contain; `other` names the second one."""
    others = {(row.picture, row.object): row for row in other_rows}
    pairs = [(row, others[key]) for row in rows if (key := (row.picture, row.object)) in others]
    if not pairs:
        raise CountlabError("nothing_in_common", other=other)
    for row, other_row in pairs:
        if row.truth != other_row.truth:
            raise CountlabError(
                "other_truth",
                other=other,
                arrived=other_row.truth,
                expected=row.truth,
                picture=row.picture,
                object=row.object,
            )
    differences = np.array(
        [[abs(row.error) - abs(other_row.error)] for row, other_row in pairs], np.float64
    )
    pictures = [row.picture for row, _ in pairs]
    picture_count = len(set(pictures))
    if picture_count < MIN_PICTURES:
        raise CountlabError("too_few_pictures", arrived=picture_count, needed=MIN_PICTURES)
    low, high = np.percentile(resampled_means(differences, pictures), _INTERVAL_PERCENTILES)
    mean = float(differences.mean())
    return Increase(other, len(pairs), picture_count, mean, float(low), float(high))


def read_result(path: Path) -> tuple[str, list[Row]]:
    """Name and rows of a saved `countlab evaluate --json` of one model and engine."""
    try:
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
        rows = [[Row(*row) for row in result["rows"]] for result in results]
        names = [
            f"{result['model']} · {result['engine']} {result['precision']}" for result in results
        ]
    except OSError as error:
        raise CountlabError("no_result", path=path) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CountlabError("bad_result", path=path) from error
    if len(rows) != 1:
        raise CountlabError("many_results", path=path, arrived=len(rows), names=names)
    return f"{path} ({names[0]})", rows[0]
