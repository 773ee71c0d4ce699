"""A model run once over pictures whose counts are known; every confidence is judged from that.

Greedy suppression keeps the surer box, so what is above a confidence does not depend on what
lies below it: filtering one pass at the lowest confidence equals a pass at each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from typing_extensions import Unpack

from countlab.asked import AskedAtAny
from countlab.errors import CountlabError
from countlab.evaluation.ground_truth import GroundTruth
from countlab.evaluation.metrics import Row
from countlab.findings import Finding, count_by_label
from countlab.imaging.files import read_bytes
from countlab.inference.pipeline import Pipeline
from countlab.models.catalog import Model

LOWEST = 0.2  # the reference engine finds nothing below it
CONFIDENCES = tuple(round(0.2 + 0.05 * step, 2) for step in range(16))


@dataclass(frozen=True)
class EvaluatedPicture:
    """One picture, what is known of it, and all that was found in it from LOWEST upwards."""

    known: GroundTruth
    findings: tuple[Finding, ...]
    width: int
    height: int

    def above(self, confidence: float) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.confidence > confidence)


@dataclass(frozen=True)
class EvaluationRun:
    """A model and engine on all pictures; `errors` tells of those that could not be read."""

    model: Model
    engine: str
    precision: str
    nms: float
    seen: tuple[EvaluatedPicture, ...]
    errors: tuple[tuple[str, CountlabError], ...] = ()
    not_counted: tuple[str, ...] = ()
    """Objects of the truth that the model does not know."""
    tiles: str = "off"

    def rows(self, confidence: float) -> list[Row]:
        """One row for each object that is known in each picture."""
        return [row for one in self.seen for row in _rows(one, confidence)]

    @property
    def labels(self) -> tuple[str, ...]:
        """The objects judged, in the model's order."""
        judged = {label for one in self.seen for label in one.known.counts}
        return tuple(label for label in self.model.labels if label in judged)

    @property
    def boxes_known(self) -> bool:
        return any(one.known.boxes is not None for one in self.seen)


def _rows(one: EvaluatedPicture, confidence: float) -> Iterator[Row]:
    counts = count_by_label(one.above(confidence))
    for label, truth in one.known.counts.items():
        yield Row(one.known.name, label, truth, counts.get(label, 0))


def objects_of(known: Sequence[GroundTruth]) -> list[str]:
    return list(dict.fromkeys(label for one in known for label in one.counts))


def run_evaluation(
    pipeline: Pipeline,
    known: Sequence[GroundTruth],
    *,
    tick: Callable[[], object] = lambda: None,
    **asked: Unpack[AskedAtAny],
) -> EvaluationRun:
    """One pass over all pictures; a picture that cannot be read does not stop the rest.

    `tick` is called after each picture, for somebody who shows how far it is.
    """
    model = pipeline.catalog.find(asked.get("model") or pipeline.settings.default_model)
    objects = objects_of(known)
    counted = [label for label in objects if label in model.labels]
    if not counted:
        raise CountlabError(
            "unknown_object", model=model.name, arrived=", ".join(objects), known=model.labels
        )
    seen, errors, last = [], [], None
    for one in known:
        try:
            last = pipeline.predict(read_bytes(one.path), confidence=LOWEST, **asked)
        except CountlabError as error:
            if not error.is_about_picture:
                raise
            errors.append((one.name, error))
        else:
            size = last.picture.width, last.picture.height
            seen.append(EvaluatedPicture(one.of(counted), last.findings, *size))
        tick()
    if last is None:
        raise CountlabError("nothing_evaluated", number=len(known), reason=errors[0][1])
    return EvaluationRun(
        model=model,
        engine=last.engine,
        precision=last.precision,
        nms=last.nms,
        seen=tuple(seen),
        errors=tuple(errors),
        not_counted=tuple(label for label in objects if label not in model.labels),
        tiles=last.tiles_asked,
    )
