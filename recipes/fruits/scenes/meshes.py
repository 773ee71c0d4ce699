"""Smooth meshes from numpy grids: lathed bodies, tubes and sheets.

Every vertex carries a "skin" coordinate, which materials read.
"""

import random
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Euler, Vector

Array = npt.NDArray[np.float64]


def circle(count: int) -> Array:
    """`count` angles evenly spaced over the circle."""
    return np.linspace(0.0, 2 * np.pi, count, endpoint=False)


def smooth_noise(rng: random.Random, points: Array, wavelength_m: float, waves: int = 7) -> Array:
    """A smooth random field over the points, about -1 to 1, for natural irregularity."""
    total = np.zeros(points.shape[:-1])
    for _ in range(waves):
        direction = np.array([rng.gauss(0, 1) for _ in range(3)])
        direction *= 2 * np.pi / wavelength_m / np.linalg.norm(direction)
        total += np.sin(points @ direction + rng.uniform(0, 2 * np.pi))
    return total / np.sqrt(waves)


def lathe(radius: Array, height: Array, around: int = 80) -> tuple[Array, Array]:
    """Points (rows, around, 3) of a body of revolution about z, and their skin coordinates.

    Skin is (0 at the first row to 1 at the last, cos, sin of the azimuth).
    """
    azimuth = circle(around)
    points = np.empty((len(radius), around, 3))
    points[..., 0] = radius[:, None] * np.cos(azimuth)
    points[..., 1] = radius[:, None] * np.sin(azimuth)
    points[..., 2] = height[:, None]
    return points, _skin(len(radius), azimuth)


def tube(path: Array, radius: Array, section: Array) -> tuple[Array, Array]:
    """Points of a tube along `path`; `section` scales the radius at each azimuth."""
    azimuth = circle(len(section))
    tangents = np.gradient(path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    side = np.cross(tangents[0], (0.31, 0.21, 0.93))
    points = np.empty((len(path), len(section), 3))
    for row, tangent in enumerate(tangents):
        # Transporting the side vector along the path keeps the tube from twisting.
        side = side - tangent * (side @ tangent)
        side /= np.linalg.norm(side)
        up = np.cross(side, tangent)
        ring = np.cos(azimuth)[:, None] * side + np.sin(azimuth)[:, None] * up
        points[row] = path[row] + ring * (radius[row] * section)[:, None]
    return points, _skin(len(path), azimuth)


def _skin(rows: int, azimuth: Array) -> Array:
    skin = np.empty((rows, len(azimuth), 3))
    skin[..., 0] = np.linspace(0, 1, rows)[:, None]
    skin[..., 1], skin[..., 2] = np.cos(azimuth), np.sin(azimuth)
    return skin


def closed_object(name: str, points: Array, skin: Array, material: Any) -> Any:
    """An object from rings of points; the first and last ring close to a point."""
    rows, around = points.shape[:2]
    vertices = np.concatenate(
        [points[:1].mean(axis=1), points[1:-1].reshape(-1, 3), points[-1:].mean(axis=1)]
    )
    skins = np.concatenate([skin[0, :1], skin[1:-1].reshape(-1, 3), skin[-1, :1]])
    ring = np.arange(around)
    following = (ring + 1) % around
    last = len(vertices) - 1
    faces = [(0, 1 + int(a), 1 + int(b)) for a, b in zip(ring, following, strict=True)]
    for row in range(rows - 3):
        start = 1 + row * around
        quads = np.stack(
            [start + ring, start + around + ring, start + around + following, start + following], 1
        )
        faces += [tuple(quad) for quad in quads.tolist()]
    end = last - around
    faces += [(end + int(b), end + int(a), last) for a, b in zip(ring, following, strict=True)]
    return _object(name, vertices, skins, faces, material)


def sheet_object(name: str, points: Array, skin: Array, material: Any) -> Any:
    """An object from an open grid of points, such as a leaf."""
    rows, columns = points.shape[:2]
    faces = [
        (r * columns + c, r * columns + c + 1, (r + 1) * columns + c + 1, (r + 1) * columns + c)
        for r in range(rows - 1)
        for c in range(columns - 1)
    ]
    return _object(name, points.reshape(-1, 3), skin.reshape(-1, 3), faces, material)


def _object(name: str, vertices: Array, skin: Array, faces: list[Any], material: Any) -> Any:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices.tolist(), [], faces)
    mesh.shade_smooth()
    attribute = mesh.attributes.new("skin", "FLOAT_VECTOR", "POINT")
    attribute.data.foreach_set("vector", skin.astype(np.float32).ravel())
    mesh.materials.append(material)
    created = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(created)
    return created


def world_points(root: Any) -> Array:
    """Every vertex of an object and its children, in world meters."""
    bpy.context.view_layer.update()
    parts = []
    for part in (root, *root.children_recursive):
        if part.type != "MESH":
            continue
        local = np.empty(len(part.data.vertices) * 3, dtype=np.float32)
        part.data.vertices.foreach_get("co", local)
        matrix = np.array(part.matrix_world)
        parts.append(local.reshape(-1, 3).astype(float) @ matrix[:3, :3].T + matrix[:3, 3])
    return np.concatenate(parts)


def rest_on_ground(root: Any, ground_m: float = 0.0) -> None:
    """Move an object vertically until its lowest point touches the ground."""
    root.location += Vector((0, 0, ground_m - float(world_points(root)[:, 2].min())))
    bpy.context.view_layer.update()


def turn_mesh(body: Any, rotation: Euler) -> None:
    """Rotate the mesh and its parts, leaving the object's own rotation at zero."""
    matrix = rotation.to_matrix().to_4x4()
    body.data.transform(matrix)
    for part in body.children:
        part.matrix_local = matrix @ part.matrix_local


def labeled(body: Any, label: str | None) -> Any:
    """Set what an object counts as (None: nothing) and stand it on the ground."""
    body["label"] = label
    rest_on_ground(body)
    return body
