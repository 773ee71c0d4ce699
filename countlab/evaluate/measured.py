"""A model run once over pictures whose counts are known; every confidence is judged from that.

Greedy suppression keeps the surer box, so what is above a confidence does not depend on what
lies below it: filtering one pass at the lowest confidence equals a pass at each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from typing_extensions import Unpack

from countlab.asked import AskedAtAny
from countlab.catalogue import Model
from countlab.errors import CountlabError
from countlab.evaluate.figures import Row
from countlab.evaluate.known import Known, bytes_of
from countlab.findings import Finding, count_by_label
from countlab.pipeline import Pipeline

LOWEST = 0.2  # the reference engine finds nothing below it
CONFIDENCES = tuple(round(0.2 + 0.05 * step, 2) for step in range(16))


@dataclass(frozen=True)
class Seen:
    """One picture, what is known of it, and all that was found in it from LOWEST upwards."""

    known: Known
    findings: tuple[Finding, ...]
    width: int
    height: int

    def above(self, confidence: float) -> tuple[Finding, ...]:
        return tuple(one for one in self.findings if one.confidence > confidence)


@dataclass(frozen=True)
class Measured:
    """A model and engine on all pictures; `errors` tells of those that could not be read."""

    model: Model
    engine: str
    precision: str
    nms: float
    seen: tuple[Seen, ...]
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


def _rows(one: Seen, confidence: float) -> Iterator[Row]:
    counts = count_by_label(one.above(confidence))
    for label, truth in one.known.counts.items():
        yield Row(one.known.name, label, truth, counts.get(label, 0))


def objects_of(known: Sequence[Known]) -> list[str]:
    return list(dict.fromkeys(label for one in known for label in one.counts))


def measure(
    pipeline: Pipeline,
    known: Sequence[Known],
    *,
    tick: Callable[[], object] = lambda: None,
    **asked: Unpack[AskedAtAny],
) -> Measured:
    """One pass over all pictures; a picture that cannot be read does not stop the rest.

    `tick` is called after each picture, for somebody who shows how far it is.
    """
    model = pipeline.catalogue.find(asked.get("model") or pipeline.settings.default_model)
    objects = objects_of(known)
    counted = [label for label in objects if label in model.labels]
    if not counted:
        raise CountlabError(
            "unknown_object", model=model.name, arrived=", ".join(objects), known=model.labels
        )
    seen, errors, last = [], [], None
    for one in known:
        try:
            last = pipeline.predict(bytes_of(one.path), confidence=LOWEST, **asked)
        except CountlabError as error:
            if not error.of_one_picture:
                raise
            errors.append((one.name, error))
        else:
            size = last.picture.width, last.picture.height
            seen.append(Seen(one.of(counted), last.findings, *size))
        tick()
    if last is None:
        raise CountlabError("nothing_evaluated", number=len(known), reason=errors[0][1])
    return Measured(
        model=model,
        engine=last.engine,
        precision=last.precision,
        nms=last.nms,
        seen=tuple(seen),
        errors=tuple(errors),
        not_counted=tuple(label for label in objects if label not in model.labels),
        tiles=last.tiles_asked,
    )
