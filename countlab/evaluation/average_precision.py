"""Mean average precision through pycocotools, where the truth has boxes.

Beside the counts, not instead of them: it judges where boxes are, at all confidences at once.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countlab.evaluation.ground_truth import TrueBox
from countlab.evaluation.run import EvaluatedPicture, EvaluationRun


@dataclass(frozen=True)
class AveragePrecision:
    """`map50` asks for half an overlap, `map` averages over 0.50 to 0.95, as COCO does."""

    map: float
    map50: float
    by_label: dict[str, float]
    """At half an overlap."""

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


def average_precision(measured: EvaluationRun) -> AveragePrecision | None:
    """Over the pictures whose boxes are known; what lies below the lowest confidence is missing."""
    seen = [one for one in measured.seen if one.known.boxes is not None]
    labels = measured.labels
    marks = [mark for at, one in enumerate(seen) for mark in _true(at, one, labels)]
    if not marks:
        return None
    found = [mark for at, one in enumerate(seen) for mark in _found(at, one, labels)]
    precision = _precision(len(seen), labels, marks, found)
    each = {
        label: _mean(precision[0, :, place])
        for place, label in enumerate(labels)
        if (precision[0, :, place] > -1).any()
    }
    return AveragePrecision(_mean(precision), _mean(precision[0]), each)


def _precision(
    pictures: int,
    labels: Sequence[str],
    marks: list[dict[str, Any]],
    found: list[dict[str, Any]],
) -> NDArray[np.float64]:
    """By overlap, recall and label; -1 where a label has no true box."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    described = {
        "images": [{"id": at} for at in range(pictures)],
        "categories": [{"id": place, "name": label} for place, label in enumerate(labels)],
    }
    with contextlib.redirect_stdout(io.StringIO()):  # it prints on every step
        truth, answer = COCO(), COCO()
        truth.dataset = {**described, "annotations": _numbered(marks)}
        answer.dataset = {**described, "annotations": _numbered(found)}
        truth.createIndex()
        answer.createIndex()
        summarize = COCOeval(truth, answer, "bbox")
        summarize.params.maxDets = [max(100, len(found))]  # crowds are not cut short
        summarize.evaluate()
        summarize.accumulate()
    precision: NDArray[np.float64] = summarize.eval["precision"][:, :, :, 0, -1]
    return precision


def _true(at: int, one: EvaluatedPicture, labels: Sequence[str]) -> list[dict[str, Any]]:
    return [
        _mark(at, labels.index(box.label), _pixels(box, one))
        for box in one.known.boxes or ()
        if box.label in labels
    ]


def _found(at: int, one: EvaluatedPicture, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Only what the truth of this picture speaks of."""
    return [
        _mark(at, labels.index(finding.label), tuple(map(float, finding.box)))
        | {"score": finding.confidence}
        for finding in one.findings
        if finding.box is not None and finding.label in one.known.counts
    ]


def _pixels(box: TrueBox, one: EvaluatedPicture) -> tuple[float, ...]:
    across, down = one.width, one.height
    return box.left * across, box.top * down, box.right * across, box.bottom * down


def _mark(at: int, place: int, box: tuple[float, ...]) -> dict[str, Any]:
    left, top, right, bottom = box
    sides = right - left, bottom - top
    return {
        "image_id": at,
        "category_id": place,
        "bbox": [left, top, *sides],
        "area": sides[0] * sides[1],
        "iscrowd": 0,
    }


def _numbered(marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": number, **mark} for number, mark in enumerate(marks, start=1)]


def _mean(precision: NDArray[np.float64]) -> float:
    measured = precision[precision > -1]
    return float(measured.mean()) if measured.size else 0.0
