"""Summary of a classifier's evaluation: figures of each set, and the worst pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from countlab.evaluation.class_metrics import class_figures
from countlab.evaluation.class_run import ClassifiedPicture, ClassRun
from countlab.evaluation.metrics import Row


@dataclass(frozen=True)
class ClassSummary:
    """`sets` holds, for each set of pictures, what `class_figures` says."""

    run: ClassRun
    sets: Mapping[str, Mapping[str, Any]]

    @property
    def name(self) -> str:
        return f"{self.run.model.name} · {self.run.engine} {self.run.precision}"

    @cached_property
    def rows(self) -> list[Row]:
        return self.run.rows()

    def worst(self, set_name: str, number: int) -> list[ClassifiedPicture]:
        """The wrong answers that were surest."""
        labels = self.run.model.labels
        wrong = [p for p in self.run.sets[set_name] if labels[p.best] != p.truth.label]
        return sorted(wrong, key=lambda p: (-max(p.probabilities), p.truth.name))[:number]

    def as_json(self) -> dict[str, Any]:
        labels = self.run.model.labels
        return {
            "model": self.run.model.name,
            "engine": self.run.engine,
            "precision": self.run.precision,
            "sets": self.sets,
            "errors": {name: error.code for name, error in self.run.errors},
            "answers": [
                [name, p.truth.label, labels[p.best], round(max(p.probabilities), 6)]
                for name, p in self.run.named_pictures()
            ],
            "rows": [list(row) for row in self.rows],
        }


def summarize_classes(run: ClassRun) -> ClassSummary:
    return ClassSummary(run, {name: _figures(run, found) for name, found in run.sets.items()})


def _figures(run: ClassRun, pictures: tuple[ClassifiedPicture, ...]) -> dict[str, Any]:
    places = {label: place for place, label in enumerate(run.model.labels)}
    truths = np.array([places[picture.truth.label] for picture in pictures], np.int64)
    probabilities = np.array([picture.probabilities for picture in pictures], np.float64)
    figures = class_figures(probabilities, truths, run.model.labels)
    unfamiliar = np.mean([picture.unfamiliar for picture in pictures])
    return {**figures, "called_unfamiliar": float(unfamiliar)}
