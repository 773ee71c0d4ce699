"""Weighted random choice among photos and cut-outs."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np

from recipes.fruits.training_data import Cutout, Photo

T = TypeVar("T", Photo, Cutout)


class WeightedChoice(Generic[T]):
    """Weighted random choice from a sequence of items."""

    def __init__(self, items: Sequence[T], rng: np.random.Generator) -> None:
        self.items: Sequence[T] = items
        self.rng = rng
        self.cumulative_weights = np.cumsum([item.weight for item in items])

    def __bool__(self) -> bool:
        return bool(len(self.items))

    def choose(self) -> T:
        index = np.searchsorted(
            self.cumulative_weights, self.rng.random() * self.cumulative_weights[-1], side="right"
        )
        return self.items[min(int(index), len(self.items) - 1)]


def choices_by_label(
    cutouts: Sequence[Cutout], rng: np.random.Generator
) -> dict[int | None, WeightedChoice[Cutout]]:
    """A weighted choice for each label, with None for lookalikes."""
    labels = dict.fromkeys(cutout.label for cutout in cutouts)
    return {
        label: WeightedChoice([cutout for cutout in cutouts if cutout.label == label], rng)
        for label in labels
    }
