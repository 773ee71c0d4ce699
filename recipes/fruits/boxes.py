"""Boxes as corners, and how much two of them overlap.

Owns no more than that, and needs no torch.
"""

from collections.abc import Sequence

import numpy as np


def corners(boxes: Sequence[tuple[int, int, int, int]]) -> np.ndarray:
    """x, y, width, height as x1, y1, x2, y2."""
    flat = np.array(boxes, np.float64).reshape(-1, 4)
    flat[:, 2:] += flat[:, :2]
    return flat


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two boxes given by corners."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    areas = float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]))
    return shared / max(areas - shared, 1e-9)
