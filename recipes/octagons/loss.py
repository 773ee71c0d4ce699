"""Which cells learn which octagon, and how wrong the detector is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from recipes.octagons.network import STRIDE, corners

_MIDDLE = 0.22  # of an octagon's side: cells as near to its middle answer for it
_LEGIBLE_FROM = 26.0  # pixels of a side; the words of smaller ones are not read
_FOCUS = 1.5


@dataclass(frozen=True)
class Targets:
    """For every cell: is it a middle (or nobody's to judge), the sides, the kind (−1: none)."""

    middle: Any
    counted: Any
    sides: Any
    kind: Any


def targets(crops: list[tuple[Any, Any]], side: int) -> Targets:
    """`crops` are pairs of clear octagons and doubtful boxes."""
    count = side // STRIDE
    shape = (len(crops), count, count)
    middle, counted = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    sides = np.zeros((len(crops), 4, count, count), np.float32)
    kinds = np.full(shape, -1, np.int64)
    at = (np.arange(count) + 0.5) * STRIDE
    for n, (clear, doubtful) in enumerate(crops):
        for left, top, right, bottom in doubtful:
            inside = ((at >= top) & (at <= bottom))[:, None] & ((at >= left) & (at <= right))
            counted[n][inside] = 0
        # Large ones first, so that a small one keeps its cells.
        for kind, left, top, right, bottom in sorted(clear, key=lambda o: o[1] - o[3]):
            wide, high = right - left, bottom - top
            near_x = np.abs(at - (left + right) / 2) <= max(_MIDDLE * wide, STRIDE * 0.5001)
            near_y = np.abs(at - (top + bottom) / 2) <= max(_MIDDLE * high, STRIDE * 0.5001)
            inside = near_y[:, None] & near_x
            middle[n][inside], counted[n][inside] = 1, 1
            sides[n][:, inside] = np.array([left, top, right, bottom])[:, None]
            kinds[n][inside] = int(kind) if max(wide, high) >= _LEGIBLE_FROM else -1
    return Targets(*(torch.from_numpy(v) for v in (middle, counted, sides, kinds)))


def loss(cells: Any, wanted: Targets) -> tuple[Any, dict[str, float]]:
    """Middle, box and kind together, and each by itself."""
    number = wanted.middle.sum().clamp(min=1)
    wrong = functional.binary_cross_entropy_with_logits(
        cells[:, 4], wanted.middle, reduction="none"
    )
    sure = cells[:, 4].sigmoid()
    far = (wanted.middle - sure).abs() ** _FOCUS
    middle = (wrong * far * wanted.counted).sum() / number
    mask = wanted.middle > 0
    box = (
        1 - overlap(corners(cells).movedim(1, -1)[mask], wanted.sides.movedim(1, -1)[mask])
    ).sum()
    box = box / number
    legible = wanted.kind >= 0
    kind = cells[:, 5:].sum() * 0
    if legible.any():
        kind = functional.cross_entropy(
            cells[:, 5:].movedim(1, -1)[legible], wanted.kind[legible], label_smoothing=0.02
        )
    parts = {"middle": middle.item(), "box": box.item(), "kind": kind.item()}
    return 2 * middle + 2 * box + kind, parts


def overlap(one: Any, other: Any) -> Any:
    """Generalised intersection over union of boxes, row by row."""
    low, high = torch.maximum(one[:, :2], other[:, :2]), torch.minimum(one[:, 2:], other[:, 2:])
    both = (high - low).clamp(min=0).prod(1)
    areas = (one[:, 2:] - one[:, :2]).clamp(min=0).prod(1) + (other[:, 2:] - other[:, :2]).prod(1)
    union = (areas - both).clamp(min=1e-6)
    hull = torch.maximum(one[:, 2:], other[:, 2:]) - torch.minimum(one[:, :2], other[:, :2])
    hull = hull.prod(1).clamp(min=1e-6)
    return both / union - (hull - union) / hull
