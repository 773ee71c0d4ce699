"""Placement of fruit and props: free ground, or the air above a vessel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import bpy
from mathutils import Vector

from recipes.fruits.scenes.footprints import Cells, dilated, footprint, shifted
from recipes.fruits.scenes.meshes import world_points
from recipes.fruits.scenes.picture_spec import PictureSpec
from recipes.fruits.scenes.props import FLAT_PROPS, PROPS
from recipes.fruits.scenes.vessels import Vessel


class NoRoomError(RuntimeError):
    """The picture asks for more objects than its region holds."""


def place_fruit(
    rng: Random, picture: PictureSpec, roots: Sequence[Any], vessel: Vessel | None, occupied: Cells
) -> None:
    """Place the first `inside` fruits above the vessel, the others on the ground."""
    if vessel:
        _stack_above(rng, roots[: picture.inside], vessel)
    for root in roots[picture.inside :]:
        cells = footprint(root)
        x, y = _find_free_place(rng, picture, cells, dilated(occupied, picture.gap_m))
        root.location += Vector((x, y, 0.0003))
        occupied |= shifted(cells, x, y)
    bpy.context.view_layer.update()


def _stack_above(rng: Random, roots: Sequence[Any], vessel: Vessel) -> None:
    """Layers of fruit in the air above the vessel, none touching another."""
    bottom, height = vessel.rim_m, 0.0
    layer: Cells = set()
    for root in roots:
        cells, size = footprint(root), size_m(root)
        for _ in range(60):
            x, y = _point_inside(rng, vessel.room_m, size)
            if not shifted(cells, x, y) & layer:
                break
        else:
            bottom, height, layer = bottom + height + 0.004, 0.0, set()
        root.location += Vector((x, y, bottom))
        layer |= dilated(shifted(cells, x, y), 0.004)
        height = max(height, size[2])


def size_m(root: Any) -> tuple[float, float, float]:
    points = world_points(root)
    x, y, z = (points.max(axis=0) - points.min(axis=0)).tolist()
    return x, y, z


def _point_inside(
    rng: Random, room_m: tuple[float, float], size: tuple[float, float, float]
) -> tuple[float, float]:
    """A point of an ellipse, so far inside that the whole fruit is above the vessel."""
    angle, radius_share = rng.uniform(0, math.tau), math.sqrt(rng.random())
    half_length = max(size[0], size[1]) / 2
    x, y = (max(0.004, half - half_length) for half in room_m)
    return x * radius_share * math.cos(angle), y * radius_share * math.sin(angle)


def _find_free_place(
    rng: Random, picture: PictureSpec, cells: Cells, occupied: Cells
) -> tuple[float, float]:
    """The first free place found in the picture's region, which widens with every failure."""
    for attempt in range(4000):
        widening = 1 + attempt / 1500
        x = picture.middle[0] + rng.uniform(-1, 1) * picture.spread[0] * widening
        y = picture.middle[1] + rng.uniform(-1, 1) * picture.spread[1] * widening
        if not shifted(cells, x, y) & occupied:
            return x, y
    raise NoRoomError(
        f"picture {picture.name!r}: no free place within spread {picture.spread}; widen it"
    )


def add_props(rng: Random, picture: PictureSpec, occupied: Cells) -> None:
    """Place props behind and beside the fruit; only flat ones may lie in front."""
    for name in picture.props:
        prop = PROPS[name](rng)
        prop.rotation_euler.z = rng.uniform(0, math.tau)
        bpy.context.view_layer.update()
        cells = footprint(prop)
        blocked = dilated(occupied, 0.008)
        for attempt in range(3000):
            widening = 1.2 + attempt / 1000
            x = picture.middle[0] + rng.uniform(-1, 1) * (picture.spread[0] * widening + 0.1)
            y = picture.middle[1] + rng.uniform(-1, 1) * (picture.spread[1] * widening + 0.1)
            in_front = y < picture.middle[1] + picture.spread[1] * 0.6
            if (
                in_front
                and name not in FLAT_PROPS
                and abs(x - picture.middle[0]) < picture.spread[0] * 1.1
            ):
                continue
            if y < 0.42 and not shifted(cells, x, y) & blocked:
                prop.location.x, prop.location.y = x, y
                occupied |= shifted(cells, x, y)
                break
        else:
            raise NoRoomError(f"picture {picture.name!r}: no room for {name!r}; widen the spread")
    bpy.context.view_layer.update()
