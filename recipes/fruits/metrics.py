"""Counting and detection metrics: exact counts, mean error, precision and recall.

Arithmetic only: opens no pictures and runs no network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recipes.fruits.boxes import corners, iou
from recipes.fruits.decode import Detection


@dataclass(frozen=True)
class CountRow:
    """One label in one picture: how many there are and how many were counted."""

    picture: str
    label: str
    truth: int
    counted: int


@dataclass(frozen=True)
class Summary:
    """Summary of rows: their number, how many are exact, and the mean absolute error."""

    rows: int
    exact: int
    error: float

    @property
    def share(self) -> float:
        """Of exact rows."""
        return self.exact / max(1, self.rows)


def summarize(rows: Sequence[CountRow]) -> Summary:
    """Number of rows, exact rows and mean absolute error."""
    errors = [abs(row.truth - row.counted) for row in rows]
    return Summary(len(rows), errors.count(0), sum(errors) / len(errors) if errors else 0.0)


def drop_ignored(detections: Sequence[Detection], rows: np.ndarray) -> list[Detection]:
    """Detections without those lying mostly inside an ignored region."""
    ignored = rows[rows[:, 0] < 0, 1:]
    kept = []
    for detection in detections:
        x, y, w, h = detection.box
        inside = [
            max(0.0, min(x + w, right) - max(x, left)) * max(0.0, min(y + h, bottom) - max(y, top))
            for left, top, right, bottom in ignored
        ]
        if not inside or max(inside) < 0.5 * w * h or _matches_counted_box(detection, rows):
            kept.append(detection)
    return kept


def _matches_counted_box(detection: Detection, rows: np.ndarray) -> bool:
    box = corners([detection.box])[0]
    return any(iou(box, row[1:]) > 0.5 for row in rows if row[0] == detection.label)


def match_detections(
    detections: Sequence[Detection], rows: np.ndarray
) -> list[tuple[float, int, bool]]:
    """Score, label and correctness of each detection.

    Each true box matches at most one detection, at an IoU of 0.5 or more.
    """
    matched: set[int] = set()
    result = []
    for detection in sorted(detections, key=lambda f: -f.score):
        box = corners([detection.box])[0]
        best_iou, best_index = 0.5, -1
        for index, row in enumerate(rows):
            if index not in matched and row[0] == detection.label and iou(box, row[1:]) >= best_iou:
                best_iou, best_index = iou(box, row[1:]), index
        if best_index >= 0:
            matched.add(best_index)
        result.append((detection.score, detection.label, best_index >= 0))
    return result


def with_perfect_nms(
    kept: Sequence[Detection], candidates: Sequence[Detection], rows: np.ndarray, label: int
) -> int:
    """How many of a label would be counted if no box of a true one were dropped by NMS.

    Boxes that match no true one stay as they are: a bound for what a better choice among the
    network's boxes could gain.
    """
    wrong = sum(
        found == label and not correct for _, found, correct in match_detections(kept, rows)
    )
    matches = match_detections(candidates, rows)
    return wrong + sum(found == label and correct for _, found, correct in matches)


def precision_recall(
    matches: Sequence[tuple[float, int, bool]], truth_count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and score after each match, highest score first."""
    ordered = sorted(matches, reverse=True)
    correct = np.cumsum([is_correct for _, _, is_correct in ordered])
    ranks = np.arange(1, len(ordered) + 1)
    scores = np.array([score for score, _, _ in ordered])
    return correct / np.maximum(ranks, 1), correct / max(truth_count, 1), scores


def average_precision(precision: np.ndarray, recall: np.ndarray) -> float:
    """Area under the curve, with precision made monotonically decreasing."""
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0], recall])) * falling))
