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

from training.scenes import cameras, forms, fruit, lookalikes, physics
from training.scenes.lights import LIGHTS
from training.scenes.lookalikes import LOOKALIKES
from training.scenes.meshes import rest_on_ground, world_points
from training.scenes.picture import Picture
from training.scenes.rooms import ROOMS, table
from training.scenes.surfaces import SURFACES
from training.scenes.things import THINGS
from training.scenes.vessels import VESSELS, Vessel

CELL_M = 0.004
FLAT_THINGS = {"napkin", "knife", "spoon"}
Cells = set[tuple[int, int]]


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
    _fill_and_scatter(rng, picture, main, vessel, taken)
    physics.settle(main, [vessel.root] if vessel else [], _funnel(vessel, picture))
    for root in main:
        taken |= footprint(root)
    _add_things(rng, picture, taken)
    ROOMS[picture.room](rng)
    LIGHTS[picture.light](rng)
    subject = main + ([vessel.root] if vessel else [])
    points = [point for root in subject for point in forms.corners(root)]
    cameras.frame(picture.view, points or [corner * 0.15 for corner in forms.corners(ground)])


def _table_size(picture: Picture) -> tuple[float, ...]:
    if picture.room == "orchard":
        return 12.0, 12.0, 6.0
    return (2.4, 1.3, 0.56) if picture.room == "kitchen" else (1.5, 1.2, 0.5)


def _funnel(vessel: Vessel | None, picture: Picture) -> tuple[float, float] | None:
    if vessel is None or not picture.inside or picture.vessel in {"plate", "board", "tray", "crate"}:
        return None
    return vessel.radius_m / 0.75, vessel.floor_m + 0.06


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
    if kind in {"orange", "tennis_ball", "orange_ball"}:
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


def footprint(root: Any) -> Cells:
    """The cells of the ground below a thing."""
    points = [point for part in forms.family(root) if part.type == "CURVE" for point in part.bound_box]
    cells = {(round(p[0] / CELL_M), round(p[1] / CELL_M)) for p in points}
    if any(part.type == "MESH" for part in forms.family(root)):
        low_and_wide = world_points(root)
        cells |= {(round(x / CELL_M), round(y / CELL_M)) for x, y, _ in low_and_wide.tolist()}
    return _filled(cells)


def _filled(cells: Cells) -> Cells:
    """Between the first and the last cell of every row nothing else may stand."""
    rows: dict[int, tuple[int, int]] = {}
    for x, y in cells:
        low, high = rows.get(y, (x, x))
        rows[y] = min(low, x), max(high, x)
    return {(x, y) for y, (low, high) in rows.items() for x in range(low, high + 1)}


def _moved(cells: Cells, x: float, y: float) -> Cells:
    dx, dy = round(x / CELL_M), round(y / CELL_M)
    return {(a + dx, b + dy) for a, b in cells}


def _widened(cells: Cells, gap_m: float) -> Cells:
    reach = round(gap_m / CELL_M)
    steps = [(dx, dy) for dx in range(-reach, reach + 1) for dy in range(-reach, reach + 1)]
    edge = {c for c in cells if not {(c[0] + 1, c[1]), (c[0] - 1, c[1]), (c[0], c[1] + 1), (c[0], c[1] - 1)} <= cells}
    return cells | {(x + dx, y + dy) for x, y in edge for dx, dy in steps if dx * dx + dy * dy <= reach * reach}


def _fill_and_scatter(
    rng: Random, picture: Picture, roots: Sequence[Any], vessel: Vessel | None, taken: Cells
) -> None:
    """The first `inside` fruit above the vessel, the others on the ground."""
    for index, root in enumerate(roots):
        if vessel and index < picture.inside:
            _hang(rng, root, vessel, index, picture)
        else:
            cells = footprint(root)
            x, y = _free_place(rng, picture, cells, _widened(taken, picture.gap_m))
            root.location.x += x
            root.location.y += y
            root.location.z += 0.0006
            taken |= _moved(cells, x, y)
    bpy.context.view_layer.update()


def _hang(rng: Random, root: Any, vessel: Vessel, index: int, picture: Picture) -> None:
    """Above the vessel, ring by ring, far enough above the last to fall on it."""
    ring = 5 if picture.vessel != "crate" else 8
    layer, place = divmod(index, ring)
    turn = math.tau * place / ring + layer * 0.7 + rng.uniform(-0.15, 0.15)
    out = vessel.radius_m * (0.62 if layer % 2 == 0 else 0.4)
    stretch = 1.45 if picture.vessel == "crate" else 1.0
    root.location.x = out * math.cos(turn) * stretch
    root.location.y = out * math.sin(turn)
    root.location.z += vessel.floor_m + 0.02 + 0.085 * layer + 0.006 * place


def _free_place(rng: Random, picture: Picture, cells: Cells, taken: Cells) -> tuple[float, float]:
    """The first free place found in the picture's region, a little wider with every failure."""
    for attempt in range(4000):
        wide = 1 + attempt / 1500
        x = picture.middle[0] + rng.uniform(-1, 1) * picture.spread[0] * wide
        y = picture.middle[1] + rng.uniform(-1, 1) * picture.spread[1] * wide
        if not _moved(cells, x, y) & taken:
            return x, y
    raise RuntimeError(
        f"picture {picture.name!r}: no free place within spread {picture.spread}; widen it"
    )


def _add_things(rng: Random, picture: Picture, taken: Cells) -> None:
    """Things stand behind and beside the fruit; only flat ones lie before it."""
    for name in picture.things:
        thing = THINGS[name](rng)
        thing.rotation_euler.z = rng.uniform(0, math.tau)
        bpy.context.view_layer.update()
        cells = footprint(thing)
        blocked = _widened(taken, 0.008)
        for attempt in range(3000):
            reach = 1.2 + attempt / 1000
            x = picture.middle[0] + rng.uniform(-1, 1) * (picture.spread[0] * reach + 0.1)
            y = picture.middle[1] + rng.uniform(-1, 1) * (picture.spread[1] * reach + 0.1)
            front = y < picture.middle[1] + picture.spread[1] * 0.6
            if front and name not in FLAT_THINGS and abs(x - picture.middle[0]) < picture.spread[0] * 1.1:
                continue
            if y < 0.42 and not _moved(cells, x, y) & blocked:
                thing.location.x, thing.location.y = x, y
                taken |= _moved(cells, x, y)
                break
        else:
            raise RuntimeError(f"picture {picture.name!r}: no room for {name!r}; widen the spread")
    bpy.context.view_layer.update()
