"""Footprints: the ground area under an object in small square cells, to detect overlaps."""

from __future__ import annotations

from typing import Any

from mathutils import Vector

from recipes.fruits.scenes import shapes
from recipes.fruits.scenes.meshes import world_points

CELL_M = 0.004
LONG_EDGE_M = 0.025
Cells = set[tuple[int, int]]


def footprint(root: Any) -> Cells:
    """The ground cells below an object."""
    cells: Cells = set()
    for part in shapes.with_children(root):
        if part.type == "CURVE":
            corners = [part.matrix_world @ Vector(corner) for corner in part.bound_box]
            cells |= {_cell(corner.x, corner.y) for corner in corners}
        elif part.type == "MESH":
            cells |= _long_edges(part)
    if any(part.type == "MESH" for part in shapes.with_children(root)):
        cells |= {_cell(x, y) for x, y, _ in world_points(root).tolist()}
    return _fill_rows(cells)


def _cell(x: float, y: float) -> tuple[int, int]:
    return round(x / CELL_M), round(y / CELL_M)


def _long_edges(part: Any) -> Cells:
    """The cells below long straight edges: a book has vertices at its corners only."""
    cells: Cells = set()
    to_world = part.matrix_world
    for edge in part.data.edges:
        start, end = (to_world @ part.data.vertices[index].co for index in edge.vertices)
        length = (end - start).length
        if length > LONG_EDGE_M:
            steps = int(length / CELL_M) + 1
            points = [start.lerp(end, step / steps) for step in range(steps + 1)]
            cells |= {_cell(point.x, point.y) for point in points}
    return cells


def _fill_rows(cells: Cells) -> Cells:
    """Fill every row between its first and last cell."""
    rows: dict[int, tuple[int, int]] = {}
    for x, y in cells:
        low, high = rows.get(y, (x, x))
        rows[y] = min(low, x), max(high, x)
    return {(x, y) for y, (low, high) in rows.items() for x in range(low, high + 1)}


def shifted(cells: Cells, x: float, y: float) -> Cells:
    """The cells shifted by (x, y) meters."""
    dx, dy = round(x / CELL_M), round(y / CELL_M)
    return {(a + dx, b + dy) for a, b in cells}


def dilated(cells: Cells, gap_m: float) -> Cells:
    """The cells and everything within `gap_m` of them."""
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
