"""Metrics of a classifier: accuracy, precision, recall and F1 with intervals, calibration.

Pure arithmetic on probabilities and labels; opens no picture and runs no model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.int64]

BINS = 15


def softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))


def interval(right: int, number: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    if not number:
        return 0.0, 1.0
    z, share = 1.96, right / number
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    spread = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number**2))
    spread /= 1 + z * z / number
    return max(0.0, middle - spread), min(1.0, middle + spread)


def calibration_error(probabilities: Floats, labels: Labels, *, bins: int = BINS) -> float:
    """Expected calibration error: |confidence − accuracy| over bins, weighted by their pictures."""
    sure, right = probabilities.max(1), probabilities.argmax(1) == labels
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs(float(sure[place == b].sum() - right[place == b].sum())) for b in range(bins)]
    return sum(gaps) / max(1, len(labels))


def calibration_floor(probabilities: Floats, *, bins: int = BINS, draws: int = 400) -> float:
    """The error that perfectly calibrated answers show on so few pictures, by chance alone.

    Labels are drawn from the probabilities themselves: what is left is the noise of the measure.
    """
    random = np.random.default_rng(1)
    sums = probabilities.cumsum(1)
    errors = []
    for _ in range(draws):
        labels = (random.random((len(sums), 1)) > sums).sum(1).clip(0, sums.shape[1] - 1)
        errors.append(calibration_error(probabilities, labels, bins=bins))
    return float(np.mean(errors))


def confusion(answers: Labels, labels: Labels, classes: int) -> npt.NDArray[np.int64]:
    """Rows are what it was, columns what the model said."""
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (labels, answers), 1)
    return table


def measure(logits: Floats, labels: Labels, classes: Sequence[str]) -> dict[str, Any]:
    """Everything about one set of pictures, from logits."""
    return class_figures(softmax(np.asarray(logits, np.float64)), labels, classes)


def class_figures(probabilities: Floats, labels: Labels, classes: Sequence[str]) -> dict[str, Any]:
    """Everything about one set of pictures, ready for JSON."""
    table = confusion(probabilities.argmax(1), labels, len(classes))
    right, number = int(np.trace(table)), len(labels)
    said_true = probabilities[np.arange(number), labels]
    f1_draws = _resampled_f1(table)
    return {
        "pictures": number,
        "right": right,
        "accuracy": right / max(1, number),
        "accuracy_interval": list(interval(right, number)),
        "calibration_error": calibration_error(probabilities, labels),
        "calibration_error_by_chance": calibration_floor(probabilities),
        "log_loss": float(-np.log(said_true + 1e-12).mean()) if number else 0.0,
        "classes": {name: _of_class(table, at, f1_draws) for at, name in enumerate(classes)},
        "confusion": table.tolist(),
        "reliability": reliability(probabilities, labels),
    }


def reliability(probabilities: Floats, labels: Labels, *, bins: int = 10) -> list[dict[str, Any]]:
    """Of the answers about so sure, how many are right? Bins without answers are left out."""
    sure, right = probabilities.max(1), probabilities.argmax(1) == labels
    place = np.minimum((sure * bins).astype(int), bins - 1)
    return [
        {
            "from": low / bins,
            "to": (low + 1) / bins,
            "pictures": int(here.sum()),
            "confidence": float(sure[here].mean()),
            "accuracy": float(right[here].mean()),
            "accuracy_interval": list(interval(int(right[here].sum()), int(here.sum()))),
        }
        for low in range(bins)
        if (here := place == low).any()
    ]


def _of_class(table: npt.NDArray[np.int64], at: int, f1_draws: Floats) -> dict[str, Any]:
    right, were, said = int(table[at, at]), int(table[at].sum()), int(table[:, at].sum())
    low, high = np.percentile(f1_draws[:, at], (2.5, 97.5))
    return {
        "pictures": were,
        "recall": right / max(1, were),
        "recall_interval": list(interval(right, were)),
        "precision": right / max(1, said),
        "precision_interval": list(interval(right, said)),
        "f1": 2 * right / max(1, were + said),
        "f1_interval": [float(low), float(high)],
    }


def _resampled_f1(table: npt.NDArray[np.int64], *, draws: int = 2000) -> Floats:
    """F1 of each class in bootstrap draws of the pictures: no formula gives its interval."""
    number = int(table.sum())
    if not number:
        return np.zeros((1, len(table)))
    random = np.random.default_rng(20)
    tables = random.multinomial(number, table.ravel() / number, size=draws)
    tables = tables.reshape(draws, *table.shape)
    right = np.diagonal(tables, axis1=1, axis2=2)
    return np.asarray(2 * right / np.maximum(1, tables.sum(1) + tables.sum(2)))
