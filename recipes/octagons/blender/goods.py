"""Packages as Blender's objects, with the print of a design around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy
import numpy as np

from recipes.octagons.artwork import Artwork, artwork
from recipes.octagons.blender.bodies import Body, body
from recipes.octagons.blender.materials import package_materials
from recipes.octagons.blender.prints import Print, around, with_sticker
from recipes.octagons.designs import Design
from recipes.octagons.packages import FRONTS

_STICKERS = 0.16  # of the packages with octagons, as in the composed pictures


@dataclass(frozen=True)
class Package:
    """An object that stands on z = 0, its print, and how wide, deep and high it is."""

    thing: Any
    printed: Print
    kinds: tuple[str, ...]
    slots: tuple[str, ...]
    """What each of the object's materials is for."""
    size: tuple[float, float, float]


def package(design: Design, height_m: float, random: np.random.Generator) -> Package:
    """A package of this design; `random` decides what differs from piece to piece."""
    art, own = _art(design), np.random.default_rng((design.seed, design.number, 9))
    shape = body(design.form, height_m, random if design.form in ("bag", "bar") else own)
    printed = around(art, design.form, shape.front, own)
    if design.kinds and random.random() < _STICKERS:
        printed = with_sticker(printed, random)
    thing = mesh_object(design.name, shape, package_materials(design.form, printed, art.side, own))
    low, high = shape.points.min(0), shape.points.max(0)
    wide, deep, tall = (float(v) for v in high - low)
    return Package(thing, printed, design.kinds, shape.slots, (wide, deep, tall))


@lru_cache(maxsize=64)
def _art(design: Design) -> Artwork:
    return artwork(design, FRONTS[design.form])


def mesh_object(name: str, shape: Body, materials: dict[str, Any]) -> Any:
    """One object of all patches, a material for each slot."""
    vertices = [patch.points.reshape(-1, 3) for patch in shape.patches]
    starts = np.cumsum([0] + [len(v) for v in vertices])
    faces = [
        _quads(*patch.points.shape[:2]) + start
        for patch, start in zip(shape.patches, starts, strict=False)
    ]
    corners = np.concatenate(faces)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(np.concatenate(vertices).tolist(), [], corners.tolist())
    uv = np.concatenate([patch.uv.reshape(-1, 2) for patch in shape.patches])
    mesh.uv_layers.new(name="print").data.foreach_set(
        "uv", uv[corners.ravel()].astype(np.float32).ravel()
    )
    of_patch = [shape.slots.index(patch.slot) for patch in shape.patches]
    mesh.polygons.foreach_set("material_index", np.repeat(of_patch, [len(f) for f in faces]))
    for slot in shape.slots:
        mesh.materials.append(materials[slot])
    mesh.shade_smooth()
    mesh.set_sharp_from_angle(angle=0.6)
    mesh.update()
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def _quads(rows: int, columns: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)[None]).reshape(-1, 1)
    return corner + np.array([0, 1, columns + 1, columns])


def extent(packages: Sequence[Package]) -> Any:
    """All points of the packages in the scene, to aim a camera at."""
    bpy.context.view_layer.update()
    found = []
    for one in packages:
        points = np.empty(len(one.thing.data.vertices) * 3, np.float32)
        one.thing.data.vertices.foreach_get("co", points)
        matrix = np.array(one.thing.matrix_world)
        found.append(points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
    return np.concatenate(found)
