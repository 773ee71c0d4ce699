"""Per-object visibility: a box and a visible share for each of several objects.

Renders the scene with every object in a flat color of its own, then each object alone.
"""

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from recipes.blender_render import rendered
from recipes.fruits.scenes.meshes import Array
from recipes.fruits.scenes.nodegraph import NodeGraph


def visible_parts(
    objects: list[Any], scratch: Path, *, origin: tuple[int, int]
) -> list[dict[str, Any]]:
    """For each object with a visible pixel, its box relative to `origin` and its visible share."""
    _show_indices(objects)
    together = _render_indices(scratch)
    parts = []
    for index, shown in enumerate(objects, start=1):
        visible = together == index
        if not visible.any():
            continue
        for other in objects:
            other.hide_render = other is not shown
        alone = int((_render_indices(scratch) == index).sum())
        rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
        left, top = int(columns[0]) - origin[0], int(rows[0]) - origin[1]
        right, bottom = int(columns[-1]) + 1 - origin[0], int(rows[-1]) + 1 - origin[1]
        share = round(min(1.0, int(visible.sum()) / max(alone, 1)), 3)
        parts.append({"box": [left, top, right, bottom], "visible": share})
    return parts


def _show_indices(objects: list[Any]) -> None:
    """Show each object as its number: no light, no noise, one sample at the pixel's center."""
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


def _render_indices(scratch: Path) -> Array:
    return np.round(rendered(scratch / "frame.exr")[..., 0])
