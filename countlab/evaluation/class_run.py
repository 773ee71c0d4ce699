"""Evaluation run of a classifier: what it said of pictures whose class is known.

Every picture goes through the pipeline, as it does when it is sent to a server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from countlab.errors import CountlabError
from countlab.evaluation.class_truth import LabelledPicture
from countlab.evaluation.metrics import Row
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.models.catalog import Model
from countlab.options import PredictOptions


@dataclass(frozen=True)
class ClassifiedPicture:
    """A picture, and the probability of each of the model's labels, in their order."""

    truth: LabelledPicture
    probabilities: tuple[float, ...]
    unfamiliar: bool

    @property
    def best(self) -> int:
        return int(np.argmax(self.probabilities))


@dataclass(frozen=True)
class ClassRun:
    """One model and engine on all pictures; `sets` keeps apart what must not be mixed."""

    model: Model
    engine: str
    precision: str
    sets: Mapping[str, tuple[ClassifiedPicture, ...]]
    errors: tuple[tuple[str, CountlabError], ...] = ()
    """Of pictures that could not be read."""
    milliseconds: tuple[float, ...] = ()
    """How long each picture took."""

    @property
    def pictures(self) -> list[ClassifiedPicture]:
        return [picture for pictures in self.sets.values() for picture in pictures]

    def rows(self) -> list[Row]:
        """A right answer counts its class once, a wrong one never: its error is 1."""
        labels = self.model.labels
        return [
            Row(name, p.truth.label, 1, int(labels[p.best] == p.truth.label))
            for name, p in self.named_pictures()
        ]

    def named_pictures(self) -> Iterator[tuple[str, ClassifiedPicture]]:
        """With the set's name before the picture's where there are several: two may share it."""
        for set_name, pictures in self.sets.items():
            for picture in pictures:
                name = picture.truth.name
                yield (f"{set_name}: {name}" if len(self.sets) > 1 else name), picture


def run_classification(
    pipeline: Pipeline,
    sets: Mapping[str, Sequence[LabelledPicture]],
    *,
    options: PredictOptions,
    on_progress: Callable[[], object] = lambda: None,
) -> ClassRun:
    """One pass over all pictures; one that cannot be read does not stop the rest."""
    model = pipeline.catalog.find(options.model or pipeline.settings.default_model)
    if model.task != "classify":
        raise CountlabError("not_a_classifier", model=model.name)
    done: dict[str, tuple[ClassifiedPicture, ...]] = {}
    errors: list[tuple[str, CountlabError]] = []
    times: list[float] = []
    last = None
    for name, truths in sets.items():
        classified = []
        for truth in truths:
            try:
                last = pipeline.predict(truth.read(), options)
            except CountlabError as error:
                if not error.is_about_picture:
                    raise
                errors.append((truth.name, error))
            else:
                classified.append(_classified(truth, last))
                times.append(sum(last.milliseconds.values()))
            on_progress()
        if classified:
            done[name] = tuple(classified)
    if last is None:
        reason = errors[0][1] if errors else "-"
        raise CountlabError("nothing_evaluated", number=len(errors), reason=reason)
    return ClassRun(
        last.model, last.engine, last.precision, done, tuple(errors), milliseconds=tuple(times)
    )


def _classified(truth: LabelledPicture, prediction: Prediction) -> ClassifiedPicture:
    assert prediction.classification
    said = prediction.classification.probabilities
    unfamiliar = any(warning.code == "unfamiliar_picture" for warning in prediction.warnings)
    return ClassifiedPicture(
        truth, tuple(said[label] for label in prediction.model.labels), unfamiliar
    )
