"""Which pixels show which object: a box and a visible share for each of several objects.

Renders the scene a second time, every object in a flat colour of its own; the third time each
object alone. Knows nothing of fruit.
"""

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from recipes.fruits.scenes.cycles import render_linear
from recipes.fruits.scenes.meshes import Array
from recipes.fruits.scenes.nodegraph import NodeGraph


def seen_parts(
    objects: list[Any], scratch: Path, *, origin: tuple[int, int]
) -> list[dict[str, Any]]:
    """For each object with a visible pixel, its box relative to `origin` and its visible share."""
    _flatten(objects)
    together = _indices(scratch)
    parts = []
    for index, shown in enumerate(objects, start=1):
        seen = together == index
        if not seen.any():
            continue
        for other in objects:
            other.hide_render = other is not shown
        alone = int((_indices(scratch) == index).sum())
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        left, top = int(columns[0]) - origin[0], int(rows[0]) - origin[1]
        right, bottom = int(columns[-1]) + 1 - origin[0], int(rows[-1]) + 1 - origin[1]
        share = round(min(1.0, int(seen.sum()) / max(alone, 1)), 3)
        parts.append({"box": [left, top, right, bottom], "visible": share})
    return parts


def _flatten(objects: list[Any]) -> None:
    """Show each object as its number: no light, no noise, one sample at the pixel's centre."""
    for index, numbered in enumerate(objects, start=1):
        numbered.pass_index = index
    graph = NodeGraph("index")
    number = graph.add("ShaderNodeObjectInfo", {}).outputs["Object Index"]
    material = graph.finish(
        base_color=(0.0, 0.0, 0.0),
        specular_ior_level=0.0,
        emission_color=graph.combine(number, number, number),
        emission_strength=1.0,
    )
    bpy.context.view_layer.material_override = material
    scene = bpy.context.scene
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 0
    scene.render.filter_size = 0.01
    for lamp in bpy.data.lights:
        lamp.energy = 0.0


def _indices(scratch: Path) -> Array:
    return np.round(render_linear(scratch)[..., 0])
