"""Mean average precision (COCO mAP) through pycocotools, where the truth has boxes.

Complements the count metrics: judges where the boxes are, at all confidences at once.
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
    """`map50` is at IoU 0.50, `map` the average over IoU 0.50 to 0.95, as COCO defines them."""

    map: float
    map50: float
    by_label: dict[str, float]
    """At IoU 0.50."""

    def as_json(self) -> dict[str, Any]:
        return dict(vars(self))


def average_precision(run: EvaluationRun) -> AveragePrecision | None:
    """Over the pictures with annotated boxes; findings below MIN_CONFIDENCE are not included."""
    pictures = [picture for picture in run.pictures if picture.truth.boxes is not None]
    labels = run.labels
    truths = [
        annotation
        for image_id, picture in enumerate(pictures)
        for annotation in _true_annotations(image_id, picture, labels)
    ]
    if not truths:
        return None
    detections = [
        annotation
        for image_id, picture in enumerate(pictures)
        for annotation in _detected_annotations(image_id, picture, labels)
    ]
    precision = _precision(len(pictures), labels, truths, detections)
    by_label = {
        label: _mean(precision[0, :, category])
        for category, label in enumerate(labels)
        if (precision[0, :, category] > -1).any()
    }
    return AveragePrecision(_mean(precision), _mean(precision[0]), by_label)


def _precision(
    picture_count: int,
    labels: Sequence[str],
    truths: list[dict[str, Any]],
    detections: list[dict[str, Any]],
) -> NDArray[np.float64]:
    """Indexed by IoU threshold, recall and label; -1 where a label has no true box."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    dataset = {
        "images": [{"id": image_id} for image_id in range(picture_count)],
        "categories": [{"id": category, "name": label} for category, label in enumerate(labels)],
    }
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints every step
        coco_truth, coco_detections = COCO(), COCO()
        coco_truth.dataset = {**dataset, "annotations": _with_ids(truths)}
        coco_detections.dataset = {**dataset, "annotations": _with_ids(detections)}
        coco_truth.createIndex()
        coco_detections.createIndex()
        evaluation = COCOeval(coco_truth, coco_detections, "bbox")
        # COCO's 100 detections a picture would cut pictures with many objects short.
        evaluation.params.maxDets = [max(100, len(detections))]
        evaluation.evaluate()
        evaluation.accumulate()
    precision: NDArray[np.float64] = evaluation.eval["precision"][:, :, :, 0, -1]
    return precision


def _true_annotations(
    image_id: int, picture: EvaluatedPicture, labels: Sequence[str]
) -> list[dict[str, Any]]:
    return [
        _annotation(image_id, labels.index(box.label), _in_pixels(box, picture))
        for box in picture.truth.boxes or ()
        if box.label in labels
    ]


def _detected_annotations(
    image_id: int, picture: EvaluatedPicture, labels: Sequence[str]
) -> list[dict[str, Any]]:
    """Only findings whose label has ground truth in this picture."""
    return [
        _annotation(image_id, labels.index(finding.label), tuple(map(float, finding.box)))
        | {"score": finding.confidence}
        for finding in picture.findings
        if finding.box is not None and finding.label in picture.truth.counts
    ]


def _in_pixels(box: TrueBox, picture: EvaluatedPicture) -> tuple[float, ...]:
    """Not rounded: COCO annotations are floats."""
    width, height = picture.width, picture.height
    return box.left * width, box.top * height, box.right * width, box.bottom * height


def _annotation(image_id: int, category_id: int, box: tuple[float, ...]) -> dict[str, Any]:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return {
        "image_id": image_id,
        "category_id": category_id,
        "bbox": [left, top, width, height],
        "area": width * height,
        "iscrowd": 0,
    }


def _with_ids(annotations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": number, **annotation} for number, annotation in enumerate(annotations, start=1)]


def _mean(precision: NDArray[np.float64]) -> float:
    defined = precision[precision > -1]
    return float(defined.mean()) if defined.size else 0.0
