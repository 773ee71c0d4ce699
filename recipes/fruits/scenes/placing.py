"""Where fruit and things go: free ground, the air above a vessel. Makes nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import bpy
from mathutils import Vector

from recipes.fruits.scenes.footprints import Cells, footprint, moved, widened
from recipes.fruits.scenes.meshes import world_points
from recipes.fruits.scenes.picture import Picture
from recipes.fruits.scenes.things import FLAT_THINGS, THINGS
from recipes.fruits.scenes.vessels import Vessel


class NoRoomError(RuntimeError):
    """The picture asks for more than its region holds."""


def fill_and_scatter(
    rng: Random, picture: Picture, roots: Sequence[Any], vessel: Vessel | None, taken: Cells
) -> None:
    """The first `inside` fruit above the vessel, the others on the ground."""
    if vessel:
        _hang(rng, roots[: picture.inside], vessel)
    for root in roots[picture.inside :]:
        cells = footprint(root)
        x, y = _free_place(rng, picture, cells, widened(taken, picture.gap_m))
        root.location += Vector((x, y, 0.0003))
        taken |= moved(cells, x, y)
    bpy.context.view_layer.update()


def _hang(rng: Random, roots: Sequence[Any], vessel: Vessel) -> None:
    """Layers of fruit in the air above the vessel, none touching another."""
    bottom, height = vessel.rim_m, 0.0
    layer: Cells = set()
    for root in roots:
        cells, size = footprint(root), size_m(root)
        for _ in range(60):
            x, y = _inside(rng, vessel.room_m, size)
            if not moved(cells, x, y) & layer:
                break
        else:
            bottom, height, layer = bottom + height + 0.004, 0.0, set()
        root.location += Vector((x, y, bottom))
        layer |= widened(moved(cells, x, y), 0.004)
        height = max(height, size[2])


def size_m(root: Any) -> tuple[float, float, float]:
    points = world_points(root)
    x, y, z = (points.max(axis=0) - points.min(axis=0)).tolist()
    return x, y, z


def _inside(
    rng: Random, room_m: tuple[float, float], size: tuple[float, float, float]
) -> tuple[float, float]:
    """A point of an ellipse, so far in that the whole fruit hangs above the vessel."""
    turn, out = rng.uniform(0, math.tau), math.sqrt(rng.random())
    long = max(size[0], size[1]) / 2
    x, y = (max(0.004, half - long) for half in room_m)
    return x * out * math.cos(turn), y * out * math.sin(turn)


def _free_place(rng: Random, picture: Picture, cells: Cells, taken: Cells) -> tuple[float, float]:
    """The first free place found in the picture's region, a little wider with every failure."""
    for attempt in range(4000):
        wide = 1 + attempt / 1500
        x = picture.middle[0] + rng.uniform(-1, 1) * picture.spread[0] * wide
        y = picture.middle[1] + rng.uniform(-1, 1) * picture.spread[1] * wide
        if not moved(cells, x, y) & taken:
            return x, y
    raise NoRoomError(
        f"picture {picture.name!r}: no free place within spread {picture.spread}; widen it"
    )


def add_things(rng: Random, picture: Picture, taken: Cells) -> None:
    """Things stand behind and beside the fruit; only flat ones lie before it."""
    for name in picture.things:
        thing = THINGS[name](rng)
        thing.rotation_euler.z = rng.uniform(0, math.tau)
        bpy.context.view_layer.update()
        cells = footprint(thing)
        blocked = widened(taken, 0.008)
        for attempt in range(3000):
            reach = 1.2 + attempt / 1000
            x = picture.middle[0] + rng.uniform(-1, 1) * (picture.spread[0] * reach + 0.1)
            y = picture.middle[1] + rng.uniform(-1, 1) * (picture.spread[1] * reach + 0.1)
            front = y < picture.middle[1] + picture.spread[1] * 0.6
            if (
                front
                and name not in FLAT_THINGS
                and abs(x - picture.middle[0]) < picture.spread[0] * 1.1
            ):
                continue
            if y < 0.42 and not moved(cells, x, y) & blocked:
                thing.location.x, thing.location.y = x, y
                taken |= moved(cells, x, y)
                break
        else:
            raise NoRoomError(f"picture {picture.name!r}: no room for {name!r}; widen the spread")
    bpy.context.view_layer.update()
