"""Lets fruit fall and come to rest, so that contact is real. Knows shapes, not labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bmesh
import bpy
import numpy as np
from mathutils import Matrix, Vector

from recipes.fruits.scenes import forms

FRAMES = 50
# 600 steps a second: a fruit at 2 m/s moves 3 mm a step, less than a bowl's wall.
STEPS_PER_FRAME = 25
SKIN_M = 0.0004
HULL_POINTS = 90


def settle(
    fruit: Sequence[Any], solids: Sequence[Any], funnel: tuple[float, float, float] | None
) -> None:
    """Drop `fruit` onto the ground (z = 0) and `solids`; move each root to where it rests.

    `funnel` (half axes in x and y, height of its foot) is a wall that keeps fruit
    above a vessel while it falls.
    """
    scene = bpy.context.scene
    bpy.ops.rigidbody.world_add()
    world = scene.rigidbody_world
    world.substeps_per_frame, world.solver_iterations = STEPS_PER_FRAME, 15
    world.point_cache.frame_end = 4 * FRAMES
    ground = forms.box("ground", (6, 6, 0.4), (0, 0, -0.2), None)
    fixed = [ground, *(_solid(solid) for solid in solids)]
    falling = [_hull(root) for root in fruit]
    bpy.context.view_layer.update()
    places = [proxy.matrix_world.inverted() @ root.matrix_world
              for root, proxy in zip(fruit, falling, strict=True)]  # fmt: skip
    for proxy in fixed:
        _body(proxy, "PASSIVE", "BOX" if proxy is ground else "MESH")
    for proxy in falling:
        _body(proxy, "ACTIVE", "CONVEX_HULL")
    if funnel is not None:
        across, deep, foot = funnel
        wall = forms.turned("funnel", [(1.0, foot), (1.05, foot + 1.2)], None, 40)
        wall.scale = (across, deep, 1.0)
        _body(wall, "PASSIVE", "MESH")
        fixed.append(wall)
    for frame in range(1, FRAMES + 1):
        scene.frame_set(frame)
    for root, proxy, place in zip(fruit, falling, places, strict=True):
        root.matrix_world = proxy.matrix_world @ place
    bpy.ops.rigidbody.world_remove()
    for proxy in (*fixed, *falling):
        bpy.data.objects.remove(proxy)
    scene.frame_set(1)
    bpy.context.view_layer.update()


def _body(proxy: Any, kind: str, shape: str) -> None:
    with bpy.context.temp_override(object=proxy, active_object=proxy, selected_objects=[proxy]):
        bpy.context.view_layer.objects.active = proxy
        bpy.ops.rigidbody.object_add(type=kind)
    body = proxy.rigid_body
    body.collision_shape = shape
    body.use_margin, body.collision_margin = True, SKIN_M
    body.friction, body.restitution = 0.7, 0.0
    if kind == "ACTIVE":
        body.mass = 0.15
        # Fruit is soft and uneven: it stops rolling where a perfect ball would not.
        body.linear_damping, body.angular_damping = 0.3, 0.85


def _hull(root: Any) -> Any:
    """The convex hull of a fruit's body, its origin at the middle, which is its centre of mass."""
    bpy.context.view_layer.update()
    parts = [part for part in forms.family(root) if part.type == "MESH"]
    # A stem or leaf bends when fruit lies on it: only the bodies collide.
    largest = max(_size(part) for part in parts)
    points = np.concatenate([_points(part) for part in parts if _size(part) > 0.3 * largest])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    extreme = np.unique(((points - middle) @ _directions(HULL_POINTS).T).argmax(axis=0))
    build = bmesh.new()
    corners = [build.verts.new(point) for point in (points[extreme] - middle).tolist()]
    bmesh.ops.convex_hull(build, input=corners)
    return _proxy(build, Matrix.Translation(Vector(middle.tolist())))


def _points(part: Any) -> Any:
    """The vertices of one part, without its own parts, in the world."""
    local = np.empty(len(part.data.vertices) * 3, np.float32)
    part.data.vertices.foreach_get("co", local)
    matrix = np.array(part.matrix_world)
    return local.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


def _directions(count: int) -> Any:
    """Unit vectors spread evenly over the sphere."""
    step = np.arange(count) + 0.5
    height, turn = 1 - 2 * step / count, step * math.pi * (3 - math.sqrt(5))
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(turn), ring * np.sin(turn), height], axis=1)


def _solid(root: Any) -> Any:
    """All parts of a vessel as one mesh."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    build = bmesh.new()
    for part in forms.family(root):
        if part.type in {"MESH", "CURVE"}:
            seen = part.evaluated_get(graph)
            mesh = seen.to_mesh()
            mesh.transform(part.matrix_world)
            build.from_mesh(mesh)
            seen.to_mesh_clear()
    return _proxy(build, Matrix.Identity(4))


def _proxy(build: Any, place: Any) -> Any:
    mesh = bpy.data.meshes.new("proxy")
    build.to_mesh(mesh)
    build.free()
    proxy = bpy.data.objects.new("proxy", mesh)
    bpy.context.scene.collection.objects.link(proxy)
    proxy.matrix_world = place
    return proxy


def _size(part: Any) -> float:
    corners = [Vector(corner) for corner in part.bound_box]
    return math.dist(corners[0], corners[6])
