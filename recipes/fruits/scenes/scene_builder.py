"""Scene builder: assembles the scene of a picture so that no object intersects another.

Every random choice derives from the picture's seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import bpy
from mathutils import Euler

from recipes.fruits.scenes import cameras, fruit, physics, shapes
from recipes.fruits.scenes.footprints import Cells, footprint
from recipes.fruits.scenes.lights import LIGHTS
from recipes.fruits.scenes.lookalikes import LOOKALIKES
from recipes.fruits.scenes.meshes import rest_on_ground, world_points
from recipes.fruits.scenes.picture_spec import PictureSpec
from recipes.fruits.scenes.placement import add_props, place_fruit, size_m
from recipes.fruits.scenes.rooms import ROOMS, table
from recipes.fruits.scenes.surfaces import SURFACES
from recipes.fruits.scenes.vessels import VESSELS, Vessel

# Longer than any ball or apple: bananas and bunches.
LONG_M = 0.12


def build(picture: PictureSpec) -> None:
    """Replace Blender's current scene by the picture's scene, including its camera."""
    rng = Random(f"{picture.name} {picture.seed}")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = picture.size
    ground = table(SURFACES[picture.surface](rng), *_table_size(picture))
    occupied: Cells = set()
    vessel = VESSELS[picture.vessel](rng) if picture.vessel else None
    if vessel:
        vessel.root.rotation_euler.z = rng.uniform(-0.4, 0.4)
        occupied |= footprint(vessel.root)
    objects = _make_objects(rng, picture)
    place_fruit(rng, picture, objects, vessel, occupied)
    _drop(objects, vessel, picture.inside)
    for root in objects:
        occupied |= footprint(root)
    add_props(rng, picture, occupied)
    ROOMS[picture.room](rng)
    LIGHTS[picture.light](rng)
    subject = objects + ([vessel.root] if vessel else [])
    points = [point for root in subject for point in shapes.corners(root)]
    cameras.place_camera(
        picture.view, points or [corner * 0.15 for corner in shapes.corners(ground)]
    )


def _table_size(picture: PictureSpec) -> tuple[float, ...]:
    if picture.room == "orchard":
        return 12.0, 12.0, 6.0
    return (2.4, 1.3, 0.56) if picture.room == "kitchen" else (1.5, 1.2, 0.5)


def _drop(objects: Sequence[Any], vessel: Vessel | None, inside: int) -> None:
    """Drop what hangs and what can roll; a banana on the table already lies naturally."""
    resting = [root for root in objects[inside:] if max(size_m(root)) > LONG_M]
    falling = [root for root in objects if root not in resting]
    funnel = (*vessel.room_m, vessel.rim_m) if vessel and vessel.deep and inside else None
    collision_mesh = (
        shapes.lathe("coarse", vessel.collision, None, 32) if vessel and vessel.collision else None
    )
    solid = collision_mesh or (vessel.root if vessel else None)
    physics.settle(falling, [*resting, solid] if solid else resting, funnel)
    if collision_mesh:
        bpy.data.objects.remove(collision_mesh)


def _make_objects(rng: Random, picture: PictureSpec) -> list[Any]:
    """Every fruit and lookalike, in random poses and random order."""
    roots = [make_fruit(rng, kind) for kind, count in picture.fruit.items() for _ in range(count)]
    roots += [
        _pose_randomly(rng, LOOKALIKES[kind](rng), kind)
        for kind, count in picture.lookalikes.items()
        for _ in range(count)
    ]
    rng.shuffle(roots)
    return roots


def make_fruit(rng: Random, kind: str) -> Any:
    """One fruit by name: "orange", "apple:green" (a variety), "bunch3" (three on a crown)."""
    name, _, variety = kind.partition(":")
    if name.startswith("bunch"):
        return _pose_randomly(rng, fruit.bunch(rng, int(name[5:]))[0].parent, "bunch")
    maker: Callable[..., Any] = getattr(fruit, name)
    return _pose_randomly(rng, maker(rng, variety) if variety else maker(rng), name)


def _pose_randomly(rng: Random, root: Any, kind: str) -> Any:
    """Rotate as the kind rests: balls freely, apples mostly upright, long fruit on its side."""
    spin = rng.uniform(0, math.tau)
    if kind in {"orange", "tennis_ball", "orange_ball", "basket_ball"}:
        rotation = Euler((rng.uniform(-1.3, 1.3), rng.uniform(-1.3, 1.3), spin))
    elif kind in {"apple", "tomato", "pear", "peach"}:
        tilt = 0.25 if rng.random() < 0.7 else 1.5
        rotation = Euler((rng.gauss(0, tilt), rng.gauss(0, tilt), spin))
    elif kind == "banana":
        rotation = Euler((math.pi * rng.randint(0, 1), 0, spin))
    else:
        rotation = Euler((0, 0, spin))
    root.rotation_euler = rotation
    rest_on_ground(root)
    points = world_points(root)
    center = (points.min(axis=0) + points.max(axis=0)) / 2
    root.location.x -= center[0]
    root.location.y -= center[1]
    return root
