"""Rooms around the table: walls, windows and shelves. Sets no lights."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

from recipes.fruits.scenes import props, shapes, surfaces, woods
from recipes.fruits.scenes.outdoors import FLOOR_Z, garden, market, orchard
from recipes.fruits.scenes.shading import Graph, paint


def table(material: Any, width_m: float = 1.7, depth_m: float = 1.15, back_m: float = 0.55) -> Any:
    """A table top whose upper face is z = 0 and whose far edge lies at y = back_m."""
    center = (0.0, back_m - depth_m / 2, -0.018)
    return shapes.box("table", (width_m, depth_m, 0.036), center, material, 0.004)


def _shell(rng: Random, wall_y: float) -> None:
    """Floor, back wall and distant side walls, so that light bounces realistically."""
    plaster = surfaces.plaster(rng)
    floor = rng.choice([woods.oak, surfaces.tiles, surfaces.concrete])(rng)
    shapes.box("floor", (9, 9, 0.02), (0, 0, FLOOR_Z), floor)
    shapes.box("wall", (9, 0.05, 3.4), (0, wall_y + 0.025, FLOOR_Z + 1.7), plaster)
    for side in (-1, 1):
        shapes.box("side wall", (0.05, 9, 3.4), (side * 3.2, 0, FLOOR_Z + 1.7), plaster)
    skirting = paint("skirting", (0.6, 0.59, 0.56), 0.4)
    shapes.box("skirting", (9, 0.02, 0.1), (0, wall_y - 0.01, FLOOR_Z + 0.06), skirting)


def _stand(rng: Random, name: str, position: shapes.Point) -> None:
    prop = props.PROPS[name](rng)
    prop.location = position
    prop.rotation_euler.z = rng.uniform(0, math.tau)


def _shelf(rng: Random, y: float, z: float, left: float, right: float) -> None:
    wood = rng.choice([woods.walnut, woods.pine])(rng)
    shapes.box("shelf", (right - left, 0.2, 0.025), ((left + right) / 2, y, z), wood, 0.002)
    x = left + 0.08
    while x < right - 0.06:
        _stand(
            rng, rng.choice(["jar", "jar", "bottle", "mug", "books", "plant"]), (x, y, z + 0.013)
        )
        x += rng.uniform(0.12, 0.3)


def _pane(rng: Random, x: float, y: float, z: float, width: float, height: float) -> None:
    """A window onto a blurred garden, with its frame."""
    graph = Graph("outside")
    blotch = graph.noise(graph.position, 3.0, 5.0, 0.6)
    view = graph.ramp(
        blotch, [(0.35, (0.10, 0.19, 0.05)), (0.5, (0.5, 0.62, 0.36)), (0.62, (0.9, 0.95, 1.0))]
    )
    graph.put(graph.surface.inputs["Emission Color"], view)
    graph.surface.inputs["Emission Strength"].default_value = rng.uniform(1.6, 3.0)
    shapes.box("view", (width, 0.01, height), (x, y - 0.01, z), graph.finish((0.0, 0.0, 0.0), 1.0))
    frame = paint("frame", (0.62, 0.61, 0.58), 0.35)
    for dx in (-0.5, 0.0, 0.5):
        shapes.box("bar", (0.05, 0.05, height), (x + dx * width, y - 0.03, z), frame, 0.004)
    for dz in (-0.5, 0.0, 0.5):
        shapes.box("bar", (width + 0.05, 0.05, 0.05), (x, y - 0.03, z + dz * height), frame, 0.004)
    shapes.box(
        "sill", (width + 0.2, 0.16, 0.03), (x, y - 0.08, z - height / 2 - 0.03), frame, 0.004
    )


def plain(rng: Random) -> None:
    """A wall right behind the table, with a picture or a shelf on it."""
    wall_y = rng.uniform(0.6, 0.9)
    _shell(rng, wall_y)
    if rng.random() < 0.5:
        _shelf(
            rng, wall_y - 0.1, rng.uniform(0.36, 0.5), -rng.uniform(0.5, 0.9), rng.uniform(0.4, 0.9)
        )
    else:
        x, z = rng.uniform(-0.3, 0.3), rng.uniform(0.45, 0.6)
        shapes.box("print", (0.4, 0.02, 0.3), (x, wall_y - 0.01, z), surfaces.soil(rng))
        shapes.box(
            "mount", (0.5, 0.015, 0.4), (x, wall_y - 0.008, z), paint("mount", (0.1, 0.09, 0.08))
        )


def kitchen(rng: Random) -> None:
    """Tiles behind a worktop, objects along it, a shelf above."""
    wall_y = 0.57
    _shell(rng, wall_y)
    _upright_panel((4, 0.6, 0.02), (0, wall_y - 0.011, 0.3), surfaces.tiles(rng))
    for x in (-0.62, -0.47, -0.3, 0.36, 0.5, 0.66):
        if rng.random() < 0.85:
            name = rng.choice(["jar", "bottle", "kettle", "plant", "mug", "jar"])
            _stand(rng, name, (x + rng.uniform(-0.05, 0.05), rng.uniform(0.4, 0.47), 0))
    _shelf(rng, wall_y - 0.1, 0.52, -1.1, 1.1)


def _upright_panel(size: shapes.Point, center: shapes.Point, material: Any) -> None:
    """A panel turned upright from the floor, because patterns lie in an object's x and y."""
    shapes.box("panel", size, center, material).rotation_euler.x = math.pi / 2


def dining(rng: Random) -> None:
    """A dining room: a distant wall, a window, a sideboard, chair backs at the table."""
    wall_y = rng.uniform(1.7, 2.6)
    _shell(rng, wall_y)
    _pane(rng, rng.uniform(-1.1, 1.1), wall_y, rng.uniform(0.55, 0.75), 1.0, 1.1)
    wood = rng.choice([woods.walnut, woods.oak, woods.painted_boards])(rng)
    side = rng.choice([-1, 1])
    shapes.box("sideboard", (1.3, 0.4, 0.8), (side * 0.9, wall_y - 0.22, FLOOR_Z + 0.4), wood, 0.01)
    for x in (-0.4, 0.0, 0.35):
        _stand(
            rng,
            rng.choice(["plant", "books", "bottle", "jar"]),
            (side * 0.9 + x, wall_y - 0.22, FLOOR_Z + 0.8),
        )
    for x in (-0.42, 0.4):
        _chair(x + rng.uniform(-0.08, 0.08), rng.uniform(0.72, 0.85), wood)


def _chair(x: float, y: float, wood: Any) -> None:
    for side in (-0.19, 0.19):
        shapes.box("post", (0.03, 0.03, 0.95), (x + side, y, FLOOR_Z + 0.475), wood, 0.006)
    for rail in (0.62, 0.78, 0.92):
        shapes.box("rail", (0.38, 0.02, 0.06), (x, y, FLOOR_Z + rail), wood, 0.006)


def library(rng: Random) -> None:
    """Book shelves behind: many colored spines, out of focus."""
    wall_y = rng.uniform(1.1, 1.7)
    _shell(rng, wall_y + 0.3)
    wood = rng.choice([woods.walnut, woods.pine])(rng)
    spines = [paint("back", color, 0.55) for color in props.COVERS]
    for level in range(6):
        z = FLOOR_Z + 0.1 + level * 0.33
        shapes.box("shelf", (3.6, 0.28, 0.025), (0, wall_y, z), wood, 0.002)
        x = -1.8
        while x < 1.8:
            width, height = rng.uniform(0.016, 0.05), rng.uniform(0.19, 0.28)
            if rng.random() < 0.93:
                center = (x + width / 2, wall_y - rng.uniform(0, 0.03), z + 0.013 + height / 2)
                shapes.box("back", (width * 0.94, 0.2, height), center, rng.choice(spines), 0.001)
            x += width


ROOMS: dict[str, Callable[[Random], None]] = {
    "plain": plain, "kitchen": kitchen, "dining": dining, "library": library,
    "market": market, "garden": garden, "orchard": orchard,
}  # fmt: skip
