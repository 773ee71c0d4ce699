"""Which ground a thing covers, in small square cells, so that nothing is put into another."""

from __future__ import annotations

from typing import Any

from mathutils import Vector

from recipes.fruits.scenes import forms
from recipes.fruits.scenes.meshes import world_points

CELL_M = 0.004
LONG_EDGE_M = 0.025
Cells = set[tuple[int, int]]


def footprint(root: Any) -> Cells:
    """The cells of the ground below a thing."""
    cells: Cells = set()
    for part in forms.family(root):
        if part.type == "CURVE":
            corners = [part.matrix_world @ Vector(corner) for corner in part.bound_box]
            cells |= {_cell(corner.x, corner.y) for corner in corners}
        elif part.type == "MESH":
            cells |= _long_edges(part)
    if any(part.type == "MESH" for part in forms.family(root)):
        cells |= {_cell(x, y) for x, y, _ in world_points(root).tolist()}
    return _filled(cells)


def _cell(x: float, y: float) -> tuple[int, int]:
    return round(x / CELL_M), round(y / CELL_M)


def _long_edges(part: Any) -> Cells:
    """The cells below long straight edges: a book has vertices at its corners alone."""
    cells: Cells = set()
    place = part.matrix_world
    for edge in part.data.edges:
        start, end = (place @ part.data.vertices[index].co for index in edge.vertices)
        length = (end - start).length
        if length > LONG_EDGE_M:
            steps = int(length / CELL_M) + 1
            points = [start.lerp(end, step / steps) for step in range(steps + 1)]
            cells |= {_cell(point.x, point.y) for point in points}
    return cells


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
