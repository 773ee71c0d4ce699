"""Counts the fruit that a picture shows, from the scene and not from the picture.

The rule: a whole fruit counts when at least a quarter of its outline is visible, that is, of the
pixels which it would cover alone and uncut by the frame. Halves and slices do not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from recipes.fruits.scenes import forms
from recipes.fruits.scenes.cameras import project

LABELS = ("apple", "banana", "orange", "lemon")
ENOUGH = 0.25
DOUBTFUL = (0.10, 0.40)


@dataclass(frozen=True)
class Seen:
    """One fruit; `box` is (x1, y1, x2, y2) in pixels around what is visible, None if nothing is."""

    label: str
    visible: float
    box: tuple[int, int, int, int] | None

    @property
    def counts(self) -> bool:
        return self.visible >= ENOUGH

    @property
    def doubtful(self) -> bool:
        return DOUBTFUL[0] < self.visible < DOUBTFUL[1]


def counts(seen: Sequence[Seen]) -> dict[str, int]:
    return {label: sum(s.counts for s in seen if s.label == label) for label in LABELS}


def look(step: int = 1) -> list[Seen]:
    """Every labelled fruit of the current scene; `step` tests only each so many pixels."""
    bpy.context.view_layer.update()
    clear = _see_through()
    for thing in clear:
        thing.hide_viewport = True
    try:
        graph = bpy.context.evaluated_depsgraph_get()
        fruit = [thing for thing in bpy.context.scene.objects if thing.get("label")]
        return [_look_at(root, graph, step) for root in fruit]
    finally:
        for thing in clear:
            thing.hide_viewport = False


def _see_through() -> list[Any]:
    """What hides nothing: a glass in front of a fruit."""
    return [
        thing
        for thing in bpy.context.scene.objects
        if thing.type == "MESH" and any("glass" in m.name for m in thing.data.materials if m)
    ]


def _look_at(root: Any, graph: Any, step: int) -> Seen:
    scene = bpy.context.scene
    parts = [part for part in forms.family(root) if part.type == "MESH"]
    shapes = [(BVHTree.FromObject(part, graph), part.matrix_world.inverted()) for part in parts]
    names = {part.name for part in parts}
    eye = scene.camera.matrix_world.translation
    alone = visible = 0
    xs: list[int] = []
    ys: list[int] = []
    for x, y, ray in _rays(root, step):
        if not any(_hits(tree, inverse, eye, ray) for tree, inverse in shapes):
            continue
        alone += 1
        if not (0 <= x < scene.render.resolution_x and 0 <= y < scene.render.resolution_y):
            continue
        hit, *_, thing, _matrix = scene.ray_cast(graph, eye, ray)
        if hit and thing.name in names:
            visible += 1
            xs.append(x)
            ys.append(y)
    box = (min(xs), min(ys), max(xs) + step, max(ys) + step) if xs else None
    return Seen(root["label"], visible / alone if alone else 0.0, box)


def _hits(tree: Any, inverse: Any, eye: Vector, ray: Vector) -> bool:
    start = inverse @ eye
    return tree.ray_cast(start, (inverse.to_3x3() @ ray).normalized())[0] is not None


def _rays(root: Any, step: int) -> Iterator[tuple[int, int, Vector]]:
    """A ray through every pixel that the fruit's bounding boxes cover, off the frame too."""
    scene = bpy.context.scene
    camera = scene.camera
    width, height = scene.render.resolution_x, scene.render.resolution_y
    spots = [project(camera, corner) for corner in forms.corners(root)]
    spots = [
        (across * width, down * height, ahead) for across, down, ahead in spots if ahead > 0.01
    ]
    if not spots:
        return
    right, _, left, _ = camera.data.view_frame(scene=scene)
    turn = camera.matrix_world.to_quaternion()
    columns = range(int(min(s[0] for s in spots)) - 1, int(max(s[0] for s in spots)) + 2, step)
    rows = range(int(min(s[1] for s in spots)) - 1, int(max(s[1] for s in spots)) + 2, step)
    for y in rows:
        up = right.y - (y + 0.5) / height * (right.y - left.y)
        for x in columns:
            across = left.x + (x + 0.5) / width * (right.x - left.x)
            yield x, y, (turn @ Vector((across, up, right.z))).normalized()
