"""Where the camera stands and what its lens does. Frames given points; knows no fruit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from training.scenes.picture import View


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
        if _extent(scene, camera, subject) > view.fill:
            near = distance
        else:
            far = distance
    _focus(camera, view, subject)
    return camera


def _middle(points: Sequence[Vector]) -> Vector:
    low = Vector(tuple(min(p[axis] for p in points) for axis in range(3)))
    high = Vector(tuple(max(p[axis] for p in points) for axis in range(3)))
    return (low + high) / 2


def _extent(scene: Any, camera: Any, points: Sequence[Vector]) -> float:
    """Twice the farthest distance from the picture's middle, 1 at its edge."""
    worst = 0.0
    for point in points:
        seen = world_to_camera_view(scene, camera, point)
        if seen.z <= 0.05:
            return math.inf
        worst = max(worst, 2 * abs(seen.x - 0.5), 2 * abs(seen.y - 0.5))
    return worst


def _focus(camera: Any, view: View, subject: Sequence[Vector]) -> None:
    ahead = camera.matrix_world.to_quaternion() @ Vector((0, 0, -1))
    depths = sorted((point - camera.location).dot(ahead) for point in subject)
    camera.data.dof.use_dof = True
    camera.data.dof.focus_distance = depths[int(len(depths) * 0.4)]
    camera.data.dof.aperture_fstop = view.f_stop
    camera.data.dof.aperture_blades = 7
