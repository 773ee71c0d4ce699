"""What tells the classes apart without looking at what is shown: brightness, size, format.

A model finds such a giveaway before it finds the thing itself, and fails where it is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from countlab.datasets.explore.survey import Surveyed

_TELLING = 0.8
_FEWEST = 8
_MEASURES: dict[str, Callable[[Surveyed], float]] = {
    "brightness": lambda each: each.brightness,
    "width": lambda each: each.width,
    "height": lambda each: each.height,
    "aspect": lambda each: each.width / each.height,
    "bytes": lambda each: each.bytes,
}


class Giveaway(NamedTuple):
    """A measure that alone sorts a class from the rest."""

    measure: str
    label: str
    separation: float
    """Area under the ROC curve: 0.5 says nothing, 1 sorts all."""


def giveaways(pictures: Sequence[Surveyed]) -> list[Giveaway]:
    """The most telling first."""
    labelled = [each for each in pictures if each.label]
    found = []
    for label, number in Counter(each.label for each in labelled).items():
        if number < _FEWEST or len(labelled) - number < _FEWEST:
            continue
        own = np.array([each.label == label for each in labelled])
        for measure, value in _MEASURES.items():
            area = _area(np.array([value(each) for each in labelled]), own)
            if area >= _TELLING:
                found.append(Giveaway(measure, label, area))
        for format in {each.format for each in labelled}:
            area = _area(np.array([float(each.format == format) for each in labelled]), own)
            if area >= _TELLING:
                found.append(Giveaway(f"format {format}", label, area))
    return sorted(found, key=lambda each: -each.separation)


def _area(values: npt.NDArray[Any], own: npt.NDArray[np.bool_]) -> float:
    """From the ranks, ties in the middle; whichever way round sorts better."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[places]
    positive = int(own.sum())
    pairs = positive * (len(own) - positive)
    area = (ranks[own].sum() - positive * (positive + 1) / 2) / pairs
    return float(max(area, 1 - area))
