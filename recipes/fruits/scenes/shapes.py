"""Basic shapes as Blender objects: lathed profiles, boxes, tubes and leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bmesh
import bpy
from mathutils import Matrix, Vector

Point = tuple[float, float, float]


def from_mesh(
    name: str, vertices: Sequence[Point], faces: Sequence[Sequence[int]], material: Any
) -> Any:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(list(vertices), [], [list(face) for face in faces])
    return _object(name, mesh, material)


def _object(name: str, mesh: Any, material: Any) -> Any:
    created = bpy.data.objects.new(name, mesh)
    if material is not None:
        mesh.materials.append(material)
    bpy.context.scene.collection.objects.link(created)
    return created


def lathe(
    name: str, profile: Sequence[tuple[float, float]], material: Any, segments: int = 72
) -> Any:
    """A lathe: (radius, height) pairs spun about z, smooth between sharp corners."""
    vertices: list[Point] = []
    faces: list[list[int]] = []
    for radius, height in profile:
        for step in range(segments):
            turn = math.tau * step / segments
            vertices.append((radius * math.cos(turn), radius * math.sin(turn), height))
    for ring in range(len(profile) - 1):
        for step in range(segments):
            after = (step + 1) % segments
            low, high = ring * segments, (ring + 1) * segments
            faces.append([low + step, low + after, high + after, high + step])
    created = from_mesh(name, vertices, faces, material)
    build = bmesh.new()
    build.from_mesh(created.data)
    bmesh.ops.remove_doubles(build, verts=build.verts, dist=1e-6)
    bmesh.ops.recalc_face_normals(build, faces=build.faces)
    build.to_mesh(created.data)
    build.free()
    created.data.shade_smooth()
    created.data.set_sharp_from_angle(angle=math.radians(50))
    return created


def box(name: str, size: Point, center: Point, material: Any, bevel_m: float = 0.0) -> Any:
    build = bmesh.new()
    bmesh.ops.create_cube(build, size=1.0, matrix=Matrix.Diagonal((*size, 1.0)))
    if bevel_m:
        bmesh.ops.bevel(
            build, geom=build.edges[:], offset=bevel_m, segments=2, profile=0.5, affect="EDGES"
        )
    mesh = bpy.data.meshes.new(name)
    build.to_mesh(mesh)
    build.free()
    created = _object(name, mesh, material)
    created.location = center
    return created


def tube(
    name: str, path: Sequence[Point], radius_m: float, material: Any, closed: bool = False
) -> Any:
    """A round rod along a path."""
    curve = bpy.data.curves.new(name, "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution = "3D", radius_m, 3
    curve.use_fill_caps = True
    spline = curve.splines.new("POLY")
    spline.points.add(len(path) - 1)
    for point, place in zip(spline.points, path, strict=True):
        point.co = (*place, 1.0)
    spline.use_cyclic_u = closed
    spline.use_smooth = True
    return _object(name, curve, material)


def leaf(name: str, length_m: float, width_m: float, droop: float, material: Any) -> Any:
    """A pointed leaf from the origin along x that droops and folds along its rib."""
    steps = 9
    vertices: list[Point] = []
    for step in range(steps + 1):
        along = step / steps
        half = width_m / 2 * math.sin(math.pi * along**0.75) ** 0.8
        x = length_m * along
        z = length_m * (0.25 * along - droop * along * along)
        vertices += [(x, -half, z + half * 0.35), (x, 0.0, z), (x, half, z + half * 0.35)]
    faces = []
    for step in range(steps):
        for side in (0, 1):
            low = step * 3 + side
            faces.append([low, low + 1, low + 4, low + 3])
    created = from_mesh(name, vertices, faces, material)
    created.data.shade_smooth()
    return created


def group(name: str, parts: Sequence[Any]) -> Any:
    """A parent object for several parts, so that they move together."""
    root = bpy.data.objects.new(name, None)
    bpy.context.scene.collection.objects.link(root)
    for part in parts:
        part.parent = root
    return root


def with_children(root: Any) -> list[Any]:
    """An object and all its descendants."""
    return [root, *root.children_recursive]


def corners(root: Any) -> list[Vector]:
    """Every corner of the bounding boxes of an object and its parts, in world coordinates."""
    return [
        part.matrix_world @ Vector(corner)
        for part in with_children(root)
        if part.type in {"MESH", "CURVE"}
        for corner in part.bound_box
    ]
