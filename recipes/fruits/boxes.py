"""Box arrays: corner coordinates and intersection over union. Needs no torch."""

from collections.abc import Sequence

import numpy as np


def corners(boxes: Sequence[tuple[int, int, int, int]]) -> np.ndarray:
    """(x, y, width, height) rows as (x1, y1, x2, y2)."""
    rows = np.array(boxes, np.float64).reshape(-1, 4)
    rows[:, 2:] += rows[:, :2]
    return rows


def iou(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two boxes given as corners."""
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    intersection = float(np.prod(np.maximum(high - low, 0)))
    areas = float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]))
    return intersection / max(areas - intersection, 1e-9)
