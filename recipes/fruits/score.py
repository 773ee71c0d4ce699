"""How well counts agree with the truth, and boxes with boxes.

Owns the arithmetic only: it opens no picture and runs no network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recipes.fruits.boxes import corners, overlap
from recipes.fruits.decode import Found


@dataclass(frozen=True)
class Row:
    """One label in one picture: how many there are and how many were counted."""

    picture: str
    label: str
    truth: int
    counted: int


@dataclass(frozen=True)
class Share:
    """How many of a set of rows are exact, and the mean absolute error."""

    rows: int
    exact: int
    error: float


def share(rows: Sequence[Row]) -> Share:
    """Exact rows and mean absolute error."""
    off = [abs(row.truth - row.counted) for row in rows]
    return Share(len(rows), off.count(0), sum(off) / len(off) if off else 0.0)


def outside_ignored(found: Sequence[Found], rows: np.ndarray) -> list[Found]:
    """What is not mostly inside a region that the labels leave open."""
    ignored = rows[rows[:, 0] < 0, 1:]
    kept = []
    for one in found:
        x, y, w, h = one.box
        inside = [
            max(0.0, min(x + w, r) - max(x, left)) * max(0.0, min(y + h, b) - max(y, top))
            for left, top, r, b in ignored
        ]
        if not inside or max(inside) < 0.5 * w * h or _is_counted(one, rows):
            kept.append(one)
    return kept


def _is_counted(one: Found, rows: np.ndarray) -> bool:
    mine = corners([one.box])[0]
    return any(overlap(mine, row[1:]) > 0.5 for row in rows if row[0] == one.label)


def matches(found: Sequence[Found], rows: np.ndarray) -> list[tuple[float, int, bool]]:
    """Score, label and rightness of each finding; a true box answers once, at IoU 0.5."""
    taken: set[int] = set()
    said = []
    for one in sorted(found, key=lambda f: -f.score):
        mine = corners([one.box])[0]
        best, at = 0.5, -1
        for number, row in enumerate(rows):
            if number not in taken and row[0] == one.label and overlap(mine, row[1:]) >= best:
                best, at = overlap(mine, row[1:]), number
        if at >= 0:
            taken.add(at)
        said.append((one.score, one.label, at >= 0))
    return said


def precision_recall(
    said: Sequence[tuple[float, int, bool]], truths: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision and recall at each score, surest first."""
    ordered = sorted(said, reverse=True)
    right = np.cumsum([ok for _, _, ok in ordered])
    number = np.arange(1, len(ordered) + 1)
    scores = np.array([score for score, _, _ in ordered])
    return right / np.maximum(number, 1), right / max(truths, 1), scores


def average_precision(precision: np.ndarray, recall: np.ndarray) -> float:
    """Area under the curve, with precision made to fall."""
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(np.concatenate([[0], recall])) * falling))
