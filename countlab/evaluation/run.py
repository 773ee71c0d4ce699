"""Evaluation run: a model's findings on pictures with ground truth, from one pass.

Greedy NMS keeps the surer box, so findings above a confidence do not depend on those below it:
one pass at the lowest confidence, filtered, equals a pass at each confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from countlab.errors import CountlabError
from countlab.evaluation.ground_truth import GroundTruth
from countlab.evaluation.metrics import Row
from countlab.findings import Finding, count_by_label
from countlab.imaging.files import read_bytes
from countlab.inference.pipeline import Pipeline
from countlab.models.catalog import Model
from countlab.options import PredictOptions

MIN_CONFIDENCE = 0.2  # the reference engine finds nothing below it
CONFIDENCES = tuple(round(0.2 + 0.05 * step, 2) for step in range(16))


@dataclass(frozen=True)
class EvaluatedPicture:
    """A picture's ground truth and all its findings from MIN_CONFIDENCE upwards."""

    truth: GroundTruth
    findings: tuple[Finding, ...]
    width: int
    height: int

    def above(self, confidence: float) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.confidence > confidence)


@dataclass(frozen=True)
class EvaluationRun:
    """One model and engine on all pictures; `errors` lists those that could not be read."""

    model: Model
    engine: str
    precision: str
    nms: float
    pictures: tuple[EvaluatedPicture, ...]
    errors: tuple[tuple[str, CountlabError], ...] = ()
    not_counted: tuple[str, ...] = ()
    """Objects of the truth that the model has no label for."""
    tiles: str = "off"
    milliseconds: tuple[float, ...] = ()
    """How long each picture took."""

    def rows(self, confidence: float) -> list[Row]:
        """One row for each picture and each object in its truth."""
        return [row for picture in self.pictures for row in _rows(picture, confidence)]

    @property
    def labels(self) -> tuple[str, ...]:
        """The objects evaluated, in the model's order."""
        objects = {label for picture in self.pictures for label in picture.truth.counts}
        return tuple(label for label in self.model.labels if label in objects)

    @property
    def has_boxes(self) -> bool:
        return any(picture.truth.boxes is not None for picture in self.pictures)


def _rows(picture: EvaluatedPicture, confidence: float) -> Iterator[Row]:
    counts = count_by_label(picture.above(confidence))
    for label, truth in picture.truth.counts.items():
        yield Row(picture.truth.name, label, truth, counts.get(label, 0))


def object_labels(truths: Sequence[GroundTruth]) -> list[str]:
    return list(dict.fromkeys(label for truth in truths for label in truth.counts))


def run_evaluation(
    pipeline: Pipeline,
    truths: Sequence[GroundTruth],
    *,
    on_progress: Callable[[], object] = lambda: None,
    options: PredictOptions | None = None,
) -> EvaluationRun:
    """One pass over all pictures; a picture that cannot be read does not stop the rest.

    `on_progress` is called after each picture.
    """
    options = replace(options or PredictOptions(), confidence=MIN_CONFIDENCE)
    model = pipeline.catalog.find(options.model or pipeline.settings.default_model)
    objects = object_labels(truths)
    counted = [label for label in objects if label in model.labels]
    if not counted:
        raise CountlabError(
            "unknown_object", model=model.name, arrived=", ".join(objects), known=model.labels
        )
    pictures, errors, times, last = [], [], [], None
    for truth in truths:
        try:
            last = pipeline.predict(read_bytes(truth.path), options)
        except CountlabError as error:
            if not error.is_about_picture:
                raise
            errors.append((truth.name, error))
        else:
            size = last.picture.width, last.picture.height
            pictures.append(EvaluatedPicture(truth.only(counted), last.findings, *size))
            times.append(sum(last.milliseconds.values()))
        on_progress()
    if last is None:
        raise CountlabError("nothing_evaluated", number=len(truths), reason=errors[0][1])
    return EvaluationRun(
        model=model,
        engine=last.engine,
        precision=last.precision,
        nms=last.nms,
        pictures=tuple(pictures),
        errors=tuple(errors),
        not_counted=tuple(label for label in objects if label not in model.labels),
        tiles=options.tiles,
        milliseconds=tuple(times),
    )
