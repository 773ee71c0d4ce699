"""True counts of visible fruit, computed from the scene geometry.

The rule: a whole fruit counts when at least a quarter of its outline is visible, that is, of the
pixels it would cover alone and uncut by the frame. Halves and slices do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from recipes.fruits.scenes import shapes
from recipes.fruits.scenes.cameras import project

LABELS = ("apple", "banana", "orange", "lemon")
MIN_VISIBLE = 0.25
BORDERLINE = (0.10, 0.40)


@dataclass(frozen=True)
class VisibleFruit:
    """One fruit; `box` is (x1, y1, x2, y2) in pixels around its visible part, None without one."""

    label: str
    visible: float
    box: tuple[int, int, int, int] | None

    @property
    def is_counted(self) -> bool:
        return self.visible >= MIN_VISIBLE

    @property
    def is_borderline(self) -> bool:
        return BORDERLINE[0] < self.visible < BORDERLINE[1]


def count_by_label(fruits: Sequence[VisibleFruit]) -> dict[str, int]:
    return {
        label: sum(fruit.is_counted for fruit in fruits if fruit.label == label) for label in LABELS
    }


def visible_fruit(step: int = 1) -> list[VisibleFruit]:
    """Every labeled fruit of the current scene; `step` samples only every so many pixels."""
    bpy.context.view_layer.update()
    transparent = _transparent_objects()
    for thing in transparent:
        thing.hide_viewport = True
    try:
        graph = bpy.context.evaluated_depsgraph_get()
        fruit = [thing for thing in bpy.context.scene.objects if thing.get("label")]
        return [_measure(root, graph, step) for root in fruit]
    finally:
        for thing in transparent:
            thing.hide_viewport = False


def _transparent_objects() -> list[Any]:
    """Objects that hide nothing: glass in front of a fruit."""
    return [
        thing
        for thing in bpy.context.scene.objects
        if thing.type == "MESH" and any("glass" in m.name for m in thing.data.materials if m)
    ]


def _measure(root: Any, graph: Any, step: int) -> VisibleFruit:
    scene = bpy.context.scene
    parts = [part for part in shapes.with_children(root) if part.type == "MESH"]
    trees = [(BVHTree.FromObject(part, graph), part.matrix_world.inverted()) for part in parts]
    names = {part.name for part in parts}
    camera_position = scene.camera.matrix_world.translation
    alone = visible = 0
    xs: list[int] = []
    ys: list[int] = []
    for x, y, ray in _rays(root, step):
        if not any(_hits(tree, inverse, camera_position, ray) for tree, inverse in trees):
            continue
        alone += 1
        if not (0 <= x < scene.render.resolution_x and 0 <= y < scene.render.resolution_y):
            continue
        hit, *_, thing, _matrix = scene.ray_cast(graph, camera_position, ray)
        if hit and thing.name in names:
            visible += 1
            xs.append(x)
            ys.append(y)
    box = (min(xs), min(ys), max(xs) + step, max(ys) + step) if xs else None
    return VisibleFruit(root["label"], visible / alone if alone else 0.0, box)


def _hits(tree: Any, inverse: Any, camera_position: Vector, ray: Vector) -> bool:
    start = inverse @ camera_position
    return tree.ray_cast(start, (inverse.to_3x3() @ ray).normalized())[0] is not None


def _rays(root: Any, step: int) -> Iterator[tuple[int, int, Vector]]:
    """A ray through every pixel that the fruit's bounding boxes cover, also outside the frame."""
    scene = bpy.context.scene
    camera = scene.camera
    width, height = scene.render.resolution_x, scene.render.resolution_y
    projected = [project(camera, corner) for corner in shapes.corners(root)]
    projected = [
        (across * width, down * height, depth) for across, down, depth in projected if depth > 0.01
    ]
    if not projected:
        return
    top_right, _, bottom_left, _ = camera.data.view_frame(scene=scene)
    rotation = camera.matrix_world.to_quaternion()
    columns = range(
        int(min(s[0] for s in projected)) - 1, int(max(s[0] for s in projected)) + 2, step
    )
    rows = range(int(min(s[1] for s in projected)) - 1, int(max(s[1] for s in projected)) + 2, step)
    for y in rows:
        up = top_right.y - (y + 0.5) / height * (top_right.y - bottom_left.y)
        for x in columns:
            across = bottom_left.x + (x + 0.5) / width * (top_right.x - bottom_left.x)
            yield x, y, (rotation @ Vector((across, up, top_right.z))).normalized()
