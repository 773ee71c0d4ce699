"""The best confidence for each object, chosen and judged on different pictures.

A confidence that is tuned and judged on the same pictures looks better than it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countlab.evaluation.run import CONFIDENCES, EvaluationRun

FOLDS = 5
_SEED = 20


@dataclass(frozen=True)
class BestConfidence:
    """The best confidence for one object, and its cross-validated errors.

    `mae` and `exact` are of held-out pictures; `…_as_asked` are those of the confidence in use.
    """

    confidence: float
    chosen: tuple[float, ...]
    """The choice of each fold; choices far apart mean that the pictures do not decide it."""
    mae: float
    exact: float
    mae_as_asked: float
    exact_as_asked: float

    @property
    def span(self) -> str:
        """From the lowest to the highest choice, for display."""
        ends = min(self.chosen), max(self.chosen)
        return "–".join(dict.fromkeys(f"{end:.2f}" for end in ends))

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "chosen": list(self.chosen)}


def best_confidences(run: EvaluationRun, *, confidence: float) -> dict[str, BestConfidence]:
    """By label, compared with `confidence`; labels with fewer pictures than folds are left out."""
    errors = {step: _absolute_errors(run, step) for step in (*CONFIDENCES, confidence)}
    return {
        label: _best_confidence(
            np.array([errors[step][label] for step in CONFIDENCES]),
            np.array(errors[confidence][label]),
        )
        for label in run.labels
        if len(errors[confidence][label]) >= FOLDS
    }


def assign_folds(picture_count: int) -> NDArray[np.int64]:
    """The fold of each picture; the same at every call."""
    folds: NDArray[np.int64] = np.arange(picture_count) % FOLDS
    return np.random.default_rng(_SEED).permutation(folds)


def _absolute_errors(run: EvaluationRun, confidence: float) -> dict[str, list[int]]:
    """By label, the absolute count error of each picture."""
    errors: dict[str, list[int]] = {label: [] for label in run.labels}
    for row in run.rows(confidence):
        errors[row.object].append(abs(row.error))
    return errors


def _best_confidence(
    errors: NDArray[np.int64], reference_errors: NDArray[np.int64]
) -> BestConfidence:
    """`errors` has a row for each of CONFIDENCES and a column for each picture."""
    folds = assign_folds(errors.shape[1])
    chosen = [_best_step(errors[:, folds != fold]) for fold in range(FOLDS)]
    held_out = np.concatenate([errors[step, folds == fold] for fold, step in enumerate(chosen)])
    return BestConfidence(
        confidence=CONFIDENCES[_best_step(errors)],
        chosen=tuple(CONFIDENCES[step] for step in chosen),
        mae=float(held_out.mean()),
        exact=float((held_out == 0).mean()),
        mae_as_asked=float(reference_errors.mean()),
        exact_as_asked=float((reference_errors == 0).mean()),
    )


def _best_step(errors: NDArray[np.int64]) -> int:
    """The index with the smallest total; of a run of ties the middle, farthest from a change."""
    totals = errors.sum(axis=1)
    is_best = totals == totals.min()
    runs = [
        list(run) for best, run in groupby(range(len(is_best)), lambda step: is_best[step]) if best
    ]
    longest = max(runs, key=len)
    return longest[len(longest) // 2]
