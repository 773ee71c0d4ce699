"""Classification: a network's scores to the probability of each label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from countlab.findings import Finding
from countlab.imaging.color import Pixels

Shape = Sequence[int | None]
Maps = NDArray[np.float32]


@dataclass(frozen=True)
class Classifier:
    """A decoder that turns one row of scores into probabilities."""

    name: str
    form: str
    task: Literal["classify"] = "classify"
    floor: float = 0.0
    resize: Literal["area"] = "area"
    scale: float = 1 / 255

    def fits(self, _: str, shape: Shape, labels: int) -> bool:
        return class_count(shape) == labels

    def recognizable(self, _: str) -> bool:
        return True

    def decode(self, scores: NDArray[np.float32], labels: Sequence[str]) -> dict[str, float]:
        """The probability of each label, the likeliest first."""
        probabilities = softmax(np.asarray(scores, np.float64).ravel())
        order = np.argsort(-probabilities, kind="stable")
        return {labels[index]: float(probabilities[index]) for index in order}


def class_count(shape: Shape) -> int | None:
    """How many classes one row of scores has; None for any other shape."""
    if len(shape) >= 2 and all(size in (1, None) for size in (shape[0], *shape[2:])):
        return shape[1]
    return shape[0] if len(shape) == 1 else None


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities; what already is non-negative and sums to one is left as it is."""
    if np.all(scores >= 0) and abs(scores.sum() - 1) < 1e-3:
        return np.asarray(scores / scores.sum())
    exponentials = np.exp(scores - scores.max())
    return np.asarray(exponentials / exponentials.sum())


@dataclass(frozen=True)
class Classification:
    """What a classifier says of one picture."""

    probabilities: dict[str, float]
    """Of every label, the likeliest first."""
    distance: float | None = None
    """From the pictures that the network was trained on; None where the graph does not say."""
    class_maps: Maps | None = None
    """For each label, in the model's order, where in the picture the network saw it."""
    view: Pixels | None = None
    """What the network was shown, where that is not the whole picture."""


def top_finding(probabilities: dict[str, float], confidence: float) -> list[Finding]:
    """The likeliest label, if it is likelier than `confidence`; a classification has no box."""
    label, probability = next(iter(probabilities.items()))
    return [Finding(label, probability)] if probability > confidence else []


CLASSIFIERS = {
    "softmax": Classifier("softmax", "1 × labels, scores or probabilities"),
}
