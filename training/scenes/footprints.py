"""Which ground a thing covers, in small square cells, so that nothing is put into another."""

from __future__ import annotations

from typing import Any

from training.scenes import forms
from training.scenes.meshes import world_points

CELL_M = 0.004
Cells = set[tuple[int, int]]


def footprint(root: Any) -> Cells:
    """The cells of the ground below a thing."""
    points = [
        point for part in forms.family(root) if part.type == "CURVE" for point in part.bound_box
    ]
    cells = {(round(p[0] / CELL_M), round(p[1] / CELL_M)) for p in points}
    if any(part.type == "MESH" for part in forms.family(root)):
        low_and_wide = world_points(root)
        cells |= {(round(x / CELL_M), round(y / CELL_M)) for x, y, _ in low_and_wide.tolist()}
    return _filled(cells)


def _filled(cells: Cells) -> Cells:
    """Between the first and the last cell of every row nothing else may stand."""
    rows: dict[int, tuple[int, int]] = {}
    for x, y in cells:
        low, high = rows.get(y, (x, x))
        rows[y] = min(low, x), max(high, x)
    return {(x, y) for y, (low, high) in rows.items() for x in range(low, high + 1)}


def moved(cells: Cells, x: float, y: float) -> Cells:
    dx, dy = round(x / CELL_M), round(y / CELL_M)
    return {(a + dx, b + dy) for a, b in cells}


def widened(cells: Cells, gap_m: float) -> Cells:
    reach = round(gap_m / CELL_M)
    steps = [(dx, dy) for dx in range(-reach, reach + 1) for dy in range(-reach, reach + 1)]
    edge = {
        c
        for c in cells
        if not {(c[0] + 1, c[1]), (c[0] - 1, c[1]), (c[0], c[1] + 1), (c[0], c[1] - 1)} <= cells
    }
    return cells | {
        (x + dx, y + dy) for x, y in edge for dx, dy in steps if dx * dx + dy * dy <= reach * reach
    }
