"""How good a classifier is, in numbers: shares with intervals, confusion, calibration.

Works on arrays of logits and labels. Knows nothing of networks or files.
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
    return raised / raised.sum(1, keepdims=True)


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
    """Everything about one set, ready for JSON."""
    probabilities = softmax(np.asarray(logits, np.float64))
    table = confusion(probabilities.argmax(1), labels, len(classes))
    right = int(np.trace(table))
    low, high = interval(right, len(labels))
    return {
        "pictures": len(labels),
        "right": right,
        "accuracy": right / max(1, len(labels)),
        "accuracy_interval": [low, high],
        "calibration_error": calibration_error(probabilities, labels),
        "calibration_error_by_chance": calibration_floor(probabilities),
        "log_loss": float(-np.log(probabilities[np.arange(len(labels)), labels] + 1e-12).mean())
        if len(labels)
        else 0.0,
        "classes": {name: _of_class(table, at) for at, name in enumerate(classes)},
        "confusion": table.tolist(),
    }


def _of_class(table: npt.NDArray[np.int64], at: int) -> dict[str, Any]:
    right, were, said = int(table[at, at]), int(table[at].sum()), int(table[:, at].sum())
    recall, precision = right / max(1, were), right / max(1, said)
    both = recall + precision
    return {
        "pictures": were,
        "recall": recall,
        "recall_interval": list(interval(right, were)),
        "precision": precision,
        "f1": 2 * recall * precision / both if both else 0.0,
    }
