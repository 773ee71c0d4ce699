"""The best confidence for each object, chosen on some pictures and judged on others.

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
class Best:
    """What to ask of one object, and what that gained on pictures it was not chosen on."""

    confidence: float
    chosen: tuple[float, ...]
    """In each fold: choices far apart mean that the pictures do not decide it."""
    mae: float
    exact: float
    mae_as_asked: float
    exact_as_asked: float

    @property
    def span(self) -> str:
        """From the least to the greatest choice, for people."""
        ends = min(self.chosen), max(self.chosen)
        return "–".join(dict.fromkeys(f"{end:.2f}" for end in ends))

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "chosen": list(self.chosen)}


def best_confidences(measured: EvaluationRun, *, asked: float) -> dict[str, Best]:
    """By label; an object in fewer pictures than there are folds is left out."""
    off = {step: _errors(measured, step) for step in (*CONFIDENCES, asked)}
    return {
        label: _best(
            np.array([off[step][label] for step in CONFIDENCES]), np.array(off[asked][label])
        )
        for label in measured.labels
        if len(off[asked][label]) >= FOLDS
    }


def folds_of(number: int) -> NDArray[np.int64]:
    """For each of so many pictures the fold that judges it; the same at every call."""
    folds: NDArray[np.int64] = np.arange(number) % FOLDS
    return np.random.default_rng(_SEED).permutation(folds)


def _errors(measured: EvaluationRun, confidence: float) -> dict[str, list[int]]:
    """By label, how far each picture's count is off."""
    off: dict[str, list[int]] = {label: [] for label in measured.labels}
    for row in measured.rows(confidence):
        off[row.object].append(abs(row.error))
    return off


def _best(off: NDArray[np.int64], as_asked: NDArray[np.int64]) -> Best:
    """`off` has a line for each confidence and a column for each picture."""
    folds = folds_of(off.shape[1])
    chosen = [_least(off[:, folds != fold]) for fold in range(FOLDS)]
    held_out = np.concatenate([off[step, folds == fold] for fold, step in enumerate(chosen)])
    return Best(
        confidence=CONFIDENCES[_least(off)],
        chosen=tuple(CONFIDENCES[step] for step in chosen),
        mae=float(held_out.mean()),
        exact=float((held_out == 0).mean()),
        mae_as_asked=float(as_asked.mean()),
        exact_as_asked=float((as_asked == 0).mean()),
    )


def _least(off: NDArray[np.int64]) -> int:
    """The step with the least error; of a row of equal ones the middle, farthest from a change."""
    totals = off.sum(axis=1)
    least = totals == totals.min()
    rows = [list(row) for good, row in groupby(range(len(least)), lambda step: least[step]) if good]
    longest = max(rows, key=len)
    return longest[len(longest) // 2]
