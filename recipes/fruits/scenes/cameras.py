"""Camera placement, lens and focus for a set of subject points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
from mathutils import Vector

from recipes.fruits.scenes.picture_spec import View


def place_camera(view: View, subject: Sequence[Vector]) -> Any:
    """Place a camera at the distance at which the subject takes its share of the picture."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.lens = view.lens_mm
    camera.data.clip_start = 0.01
    camera.data.shift_x, camera.data.shift_y = view.shift
    center = _center(subject)
    elevation, azimuth = math.radians(view.height_deg), math.radians(view.around_deg)
    direction = Vector(
        (
            math.cos(elevation) * math.sin(azimuth),
            -math.cos(elevation) * math.cos(azimuth),
            math.sin(elevation),
        )
    )
    rotation = (-direction).to_track_quat("-Z", "Y")
    camera.rotation_euler = rotation.to_euler()
    camera.rotation_euler.rotate_axis("Z", math.radians(view.roll_deg))
    near, far = 0.12, 8.0
    for _ in range(24):
        distance = (near + far) / 2
        camera.location = center + direction * distance
        bpy.context.view_layer.update()
        if _extent(camera, subject) > view.fill:
            near = distance
        else:
            far = distance
    _focus(camera, view, subject)
    return camera


def _center(points: Sequence[Vector]) -> Vector:
    low = Vector(tuple(min(p[axis] for p in points) for axis in range(3)))
    high = Vector(tuple(max(p[axis] for p in points) for axis in range(3)))
    return (low + high) / 2


def project(camera: Any, point: Vector) -> tuple[float, float, float]:
    """Position of a point in the picture, 0 to 1 from the top left, and its depth."""
    scene = bpy.context.scene
    top_right, _, bottom_left, _ = camera.data.view_frame(scene=scene)
    # view_frame returns top right, bottom right, bottom left, top left, at one unit of depth.
    local = camera.matrix_world.inverted() @ point
    depth = -local.z
    scale = -top_right.z / depth if depth else math.inf
    across = (local.x * scale - bottom_left.x) / (top_right.x - bottom_left.x)
    return across, (top_right.y - local.y * scale) / (top_right.y - bottom_left.y), depth


def _extent(camera: Any, points: Sequence[Vector]) -> float:
    """Twice the farthest distance from the picture's center; 1 at its edge."""
    farthest = 0.0
    for point in points:
        across, down, depth = project(camera, point)
        if depth <= 0.05:
            return math.inf
        farthest = max(farthest, 2 * abs(across - 0.5), 2 * abs(down - 0.5))
    return farthest


def _focus(camera: Any, view: View, subject: Sequence[Vector]) -> None:
    forward = camera.matrix_world.to_quaternion() @ Vector((0, 0, -1))
    depths = sorted((point - camera.location).dot(forward) for point in subject)
    camera.data.dof.use_dof = True
    camera.data.dof.focus_distance = depths[int(len(depths) * 0.4)]
    camera.data.dof.aperture_fstop = view.f_stop
    camera.data.dof.aperture_blades = 7
