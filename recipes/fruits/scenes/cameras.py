"""Where the camera stands and what its lens does. Frames given points; knows no fruit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
from mathutils import Vector

from recipes.fruits.scenes.picture import View


def frame(view: View, subject: Sequence[Vector]) -> Any:
    """Place a camera at such a distance that the subject takes its share of the picture."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.lens = view.lens_mm
    camera.data.clip_start = 0.01
    camera.data.shift_x, camera.data.shift_y = view.shift
    middle = _middle(subject)
    up, around = math.radians(view.height_deg), math.radians(view.around_deg)
    direction = Vector(
        (math.cos(up) * math.sin(around), -math.cos(up) * math.cos(around), math.sin(up))
    )
    turn = (-direction).to_track_quat("-Z", "Y")
    camera.rotation_euler = turn.to_euler()
    camera.rotation_euler.rotate_axis("Z", math.radians(view.roll_deg))
    near, far = 0.12, 8.0
    for _ in range(24):
        distance = (near + far) / 2
        camera.location = middle + direction * distance
        bpy.context.view_layer.update()
        if _extent(camera, subject) > view.fill:
            near = distance
        else:
            far = distance
    _focus(camera, view, subject)
    return camera


def _middle(points: Sequence[Vector]) -> Vector:
    low = Vector(tuple(min(p[axis] for p in points) for axis in range(3)))
    high = Vector(tuple(max(p[axis] for p in points) for axis in range(3)))
    return (low + high) / 2


def project(camera: Any, point: Vector) -> tuple[float, float, float]:
    """Where a point lies in the picture, 0 to 1 from the top left, and how far ahead it is."""
    scene = bpy.context.scene
    right, _, left, _ = camera.data.view_frame(scene=scene)
    # view_frame: top right, bottom right, bottom left, top left, one unit of depth away.
    local = camera.matrix_world.inverted() @ point
    ahead = -local.z
    scale = -right.z / ahead if ahead else math.inf
    across = (local.x * scale - left.x) / (right.x - left.x)
    return across, (right.y - local.y * scale) / (right.y - left.y), ahead


def _extent(camera: Any, points: Sequence[Vector]) -> float:
    """Twice the farthest distance from the picture's middle, 1 at its edge."""
    worst = 0.0
    for point in points:
        across, down, ahead = project(camera, point)
        if ahead <= 0.05:
            return math.inf
        worst = max(worst, 2 * abs(across - 0.5), 2 * abs(down - 0.5))
    return worst


def _focus(camera: Any, view: View, subject: Sequence[Vector]) -> None:
    ahead = camera.matrix_world.to_quaternion() @ Vector((0, 0, -1))
    depths = sorted((point - camera.location).dot(ahead) for point in subject)
    camera.data.dof.use_dof = True
    camera.data.dof.focus_distance = depths[int(len(depths) * 0.4)]
    camera.data.dof.aperture_fstop = view.f_stop
    camera.data.dof.aperture_blades = 7
