"""Rigid-body simulation that drops objects until they rest, for realistic contact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bmesh
import bpy
import numpy as np
from mathutils import Matrix, Vector

from recipes.fruits.scenes import shapes

FRAMES = 50
# 600 steps a second: a fruit at 2 m/s moves 3 mm a step, less than the thickness of a bowl's wall.
STEPS_PER_FRAME = 25
COLLISION_MARGIN_M = 0.0004
HULL_POINTS = 90


def settle(
    fruit: Sequence[Any], solids: Sequence[Any], funnel: tuple[float, float, float] | None
) -> None:
    """Drop `fruit` onto the ground (z = 0) and `solids`; move each root to where it comes to rest.

    `funnel` (half axes in x and y, height of its foot) is a wall that keeps fruit above a vessel
    while it falls.
    """
    scene = bpy.context.scene
    bpy.ops.rigidbody.world_add()
    world = scene.rigidbody_world
    world.substeps_per_frame, world.solver_iterations = STEPS_PER_FRAME, 15
    world.point_cache.frame_end = 4 * FRAMES
    ground = shapes.box("ground", (6, 6, 0.4), (0, 0, -0.2), None)
    fixed = [ground, *(_solid_proxy(solid) for solid in solids)]
    falling = [_hull_proxy(root) for root in fruit]
    bpy.context.view_layer.update()
    offsets = [proxy.matrix_world.inverted() @ root.matrix_world
              for root, proxy in zip(fruit, falling, strict=True)]  # fmt: skip
    for proxy in fixed:
        _add_rigid_body(proxy, "PASSIVE", "BOX" if proxy is ground else "MESH")
    for proxy in falling:
        _add_rigid_body(proxy, "ACTIVE", "CONVEX_HULL")
    if funnel is not None:
        half_width, half_depth, base = funnel
        wall = shapes.lathe("funnel", [(1.0, base), (1.05, base + 1.2)], None, 40)
        wall.scale = (half_width, half_depth, 1.0)
        _add_rigid_body(wall, "PASSIVE", "MESH")
        fixed.append(wall)
    for frame in range(1, FRAMES + 1):
        scene.frame_set(frame)
    for root, proxy, offset in zip(fruit, falling, offsets, strict=True):
        root.matrix_world = proxy.matrix_world @ offset
    bpy.ops.rigidbody.world_remove()
    for proxy in (*fixed, *falling):
        bpy.data.objects.remove(proxy)
    scene.frame_set(1)
    bpy.context.view_layer.update()


def _add_rigid_body(proxy: Any, kind: str, shape: str) -> None:
    with bpy.context.temp_override(object=proxy, active_object=proxy, selected_objects=[proxy]):
        bpy.context.view_layer.objects.active = proxy
        bpy.ops.rigidbody.object_add(type=kind)
    body = proxy.rigid_body
    body.collision_shape = shape
    body.use_margin, body.collision_margin = True, COLLISION_MARGIN_M
    body.friction, body.restitution = 0.7, 0.0
    if kind == "ACTIVE":
        body.mass = 0.15
        # Fruit is soft and uneven: it stops rolling where a perfect ball would not.
        body.linear_damping, body.angular_damping = 0.3, 0.85


def _hull_proxy(root: Any) -> Any:
    """The convex hull of a fruit's body, with its origin at the center (of mass)."""
    bpy.context.view_layer.update()
    parts = [part for part in shapes.with_children(root) if part.type == "MESH"]
    # Stems and leaves would bend under a fruit, so only the bodies collide.
    largest = max(_size(part) for part in parts)
    points = np.concatenate([_points(part) for part in parts if _size(part) > 0.3 * largest])
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    extreme = np.unique(((points - center) @ _directions(HULL_POINTS).T).argmax(axis=0))
    build = bmesh.new()
    corners = [build.verts.new(point) for point in (points[extreme] - center).tolist()]
    bmesh.ops.convex_hull(build, input=corners)
    return _proxy(build, Matrix.Translation(Vector(center.tolist())))


def _points(part: Any) -> Any:
    """The vertices of one part, without its children, in world coordinates."""
    local = np.empty(len(part.data.vertices) * 3, np.float32)
    part.data.vertices.foreach_get("co", local)
    matrix = np.array(part.matrix_world)
    return local.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


def _directions(count: int) -> Any:
    """Unit vectors spread evenly over the sphere."""
    step = np.arange(count) + 0.5
    height, azimuth = 1 - 2 * step / count, step * math.pi * (3 - math.sqrt(5))
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), height], axis=1)


def _solid_proxy(root: Any) -> Any:
    """All parts of a vessel as one mesh."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    build = bmesh.new()
    for part in shapes.with_children(root):
        if part.type in {"MESH", "CURVE"}:
            evaluated = part.evaluated_get(graph)
            mesh = evaluated.to_mesh()
            mesh.transform(part.matrix_world)
            build.from_mesh(mesh)
            evaluated.to_mesh_clear()
    return _proxy(build, Matrix.Identity(4))


def _proxy(build: Any, matrix: Any) -> Any:
    mesh = bpy.data.meshes.new("proxy")
    build.to_mesh(mesh)
    build.free()
    proxy = bpy.data.objects.new("proxy", mesh)
    bpy.context.scene.collection.objects.link(proxy)
    proxy.matrix_world = matrix
    return proxy


def _size(part: Any) -> float:
    corners = [Vector(corner) for corner in part.bound_box]
    return math.dist(corners[0], corners[6])
