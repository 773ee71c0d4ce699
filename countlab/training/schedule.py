"""How fast to learn at each step, and which pictures a step sees."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from countlab.errors import CountlabError
from countlab.training.lab_sections import Schedule

SHAPES = ("cosine", "one-cycle", "flat")
_LEFT = 0.01  # of the full rate at the end


def rate_at(step: int, steps: int, schedule: Schedule) -> float:
    """Up during the warm-up, then down a cosine; one-cycle climbs for longer and ends lower."""
    if schedule.shape not in SHAPES:
        raise CountlabError("bad_lab_file", file="lab.toml", reason=f"shape: {', '.join(SHAPES)}")
    share = 0.3 if schedule.shape == "one-cycle" else schedule.warm_up
    warm = max(1, round(steps * share))
    if step < warm:
        return schedule.rate * (step + 1) / warm
    if schedule.shape == "flat":
        return schedule.rate
    left = _LEFT / 10 if schedule.shape == "one-cycle" else _LEFT
    along = (step - warm) / max(1, steps - warm)
    return schedule.rate * (left + (1 - left) * (1 + math.cos(math.pi * along)) / 2)


def class_weights(labels: npt.NDArray[np.int64], classes: int) -> npt.NDArray[np.float64]:
    """Rare classes weigh more, so that all weigh the same together; the mean weight is 1."""
    counts = np.bincount(labels, minlength=classes)
    return len(labels) / (classes * np.maximum(counts, 1))


def order(
    labels: npt.NDArray[np.int64], classes: int, *, seed: Sequence[int], balanced: bool
) -> npt.NDArray[np.int64]:
    """The pictures of one epoch in their order; the seed alone decides."""
    random = np.random.default_rng(tuple(seed))
    if not balanced:
        return random.permutation(len(labels))
    shares = class_weights(labels, classes)[labels]
    return random.choice(len(labels), len(labels), p=shares / shares.sum())
