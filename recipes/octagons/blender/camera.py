"""The camera: where it stands, and the part of its view that becomes the picture."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np
from mathutils import Vector


def aim(
    points: Any,
    *,
    around: float,
    above: float,
    distance_m: float,
    fill: float,
    shift: tuple[float, float] = (0.0, 0.0),
    roll: float = 0.0,
) -> Any:
    """Looks at the middle of `points` from the front, `around` and `above` it (radians).

    The points take the share `fill` of the longer side; `shift` moves them, in shares of a side.
    """
    middle = Vector((points.min(0) + points.max(0)) / 2)
    toward = Vector(
        (
            math.cos(above) * math.sin(around),
            -math.cos(above) * math.cos(around),
            math.sin(above),
        )
    )
    camera = bpy.data.cameras.new("camera")
    placed = bpy.data.objects.new("camera", camera)
    bpy.context.scene.collection.objects.link(placed)
    placed.location = middle + toward * distance_m
    placed.rotation_euler = toward.to_track_quat("Z", "Y").to_euler()
    placed.rotation_euler.rotate_axis("Z", roll)
    bpy.context.view_layer.update()
    matrix = np.array(placed.matrix_world.inverted())
    seen = points @ matrix[:3, :3].T + matrix[:3, 3]
    flat = seen[:, :2] / -seen[:, 2:]
    low, high = flat.min(0), flat.max(0)
    view = float((high - low).max()) / fill
    camera.sensor_fit, camera.sensor_width = "HORIZONTAL", 36.0
    camera.lens = 36.0 / view
    camera.shift_x, camera.shift_y = (
        float(v) - s for v, s in zip((low + high) / 2 / view, shift, strict=True)
    )
    camera.clip_start = 0.01
    bpy.context.scene.camera = placed
    return placed
