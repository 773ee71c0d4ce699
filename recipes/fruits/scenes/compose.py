"""Builds the scene of one picture: what lies where, without one thing inside another.

Owns the order of building; every choice comes from the picture's seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import bpy
from mathutils import Euler

from recipes.fruits.scenes import cameras, forms, fruit, physics
from recipes.fruits.scenes.footprints import Cells, footprint
from recipes.fruits.scenes.lights import LIGHTS
from recipes.fruits.scenes.lookalikes import LOOKALIKES
from recipes.fruits.scenes.meshes import rest_on_ground, world_points
from recipes.fruits.scenes.picture import Picture
from recipes.fruits.scenes.placing import add_things, fill_and_scatter, size_m
from recipes.fruits.scenes.rooms import ROOMS, table
from recipes.fruits.scenes.surfaces import SURFACES
from recipes.fruits.scenes.vessels import VESSELS, Vessel

# Longer than any ball or apple: bananas and hands of bananas.
LONG_M = 0.12


def build(picture: Picture) -> None:
    """Replace what Blender holds by the picture's scene, camera and all."""
    rng = Random(f"{picture.name} {picture.seed}")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = picture.size
    ground = table(SURFACES[picture.surface](rng), *_table_size(picture))
    taken: Cells = set()
    vessel = VESSELS[picture.vessel](rng) if picture.vessel else None
    if vessel:
        vessel.root.rotation_euler.z = rng.uniform(-0.4, 0.4)
        taken |= footprint(vessel.root)
    main = _make_all(rng, picture)
    fill_and_scatter(rng, picture, main, vessel, taken)
    _let_fall(main, vessel, picture.inside)
    for root in main:
        taken |= footprint(root)
    add_things(rng, picture, taken)
    ROOMS[picture.room](rng)
    LIGHTS[picture.light](rng)
    subject = main + ([vessel.root] if vessel else [])
    points = [point for root in subject for point in forms.corners(root)]
    cameras.frame(picture.view, points or [corner * 0.15 for corner in forms.corners(ground)])


def _table_size(picture: Picture) -> tuple[float, ...]:
    if picture.room == "orchard":
        return 12.0, 12.0, 6.0
    return (2.4, 1.3, 0.56) if picture.room == "kitchen" else (1.5, 1.2, 0.5)


def _let_fall(main: Sequence[Any], vessel: Vessel | None, inside: int) -> None:
    """Settle what hangs and what can roll; a banana on the table already lies as it does."""
    still = [root for root in main[inside:] if max(size_m(root)) > LONG_M]
    falling = [root for root in main if root not in still]
    funnel = (*vessel.room_m, vessel.rim_m) if vessel and vessel.deep and inside else None
    coarse = (
        forms.turned("coarse", vessel.collision, None, 32) if vessel and vessel.collision else None
    )
    solid = coarse or (vessel.root if vessel else None)
    physics.settle(falling, [*still, solid] if solid else still, funnel)
    if coarse:
        bpy.data.objects.remove(coarse)


def _make_all(rng: Random, picture: Picture) -> list[Any]:
    """Every fruit and lookalike, turned at random, in random order."""
    roots = [make(rng, kind) for kind, count in picture.fruit.items() for _ in range(count)]
    roots += [
        _turned(rng, LOOKALIKES[kind](rng), kind)
        for kind, count in picture.lookalikes.items()
        for _ in range(count)
    ]
    rng.shuffle(roots)
    return roots


def make(rng: Random, kind: str) -> Any:
    """One fruit by name: "orange", "apple:green" (a variety), "bunch3" (three on a crown)."""
    name, _, variety = kind.partition(":")
    if name.startswith("bunch"):
        return _turned(rng, fruit.bunch(rng, int(name[5:]))[0].parent, "bunch")
    maker: Callable[..., Any] = getattr(fruit, name)
    return _turned(rng, maker(rng, variety) if variety else maker(rng), name)


def _turned(rng: Random, root: Any, kind: str) -> Any:
    """Turn as fruit lies: balls any way, apples mostly upright, long ones on their side."""
    spin = rng.uniform(0, math.tau)
    if kind in {"orange", "tennis_ball", "orange_ball", "basket_ball"}:
        turn = Euler((rng.uniform(-1.3, 1.3), rng.uniform(-1.3, 1.3), spin))
    elif kind in {"apple", "tomato", "pear", "peach"}:
        tilt = 0.25 if rng.random() < 0.7 else 1.5
        turn = Euler((rng.gauss(0, tilt), rng.gauss(0, tilt), spin))
    elif kind == "banana":
        turn = Euler((math.pi * rng.randint(0, 1), 0, spin))
    else:
        turn = Euler((0, 0, spin))
    root.rotation_euler = turn
    rest_on_ground(root)
    points = world_points(root)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    root.location.x -= middle[0]
    root.location.y -= middle[1]
    return root
