"""What stands around the table: walls, windows, shelves, hedges. Lights nothing, holds no fruit."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

from training.scenes import forms, surfaces, things
from training.scenes.shading import Colour, Graph, paint

FLOOR_Z = -0.74
WALLS: tuple[Colour, ...] = (
    (0.62, 0.58, 0.50), (0.42, 0.49, 0.47), (0.55, 0.55, 0.55), (0.60, 0.47, 0.36),
    (0.22, 0.29, 0.33), (0.66, 0.63, 0.45),
)  # fmt: skip


def table(material: Any, width_m: float = 1.7, depth_m: float = 1.15, back_m: float = 0.55) -> Any:
    """A table top whose upper face is z = 0 and whose far edge lies at y = back_m."""
    centre = (0.0, back_m - depth_m / 2, -0.018)
    top = forms.box("table", (width_m, depth_m, 0.036), centre, material, 0.004)
    # Patterns are in object coordinates: they must not end where the camera looks.
    return top


def _plaster(rng: Random) -> Any:
    graph = Graph("plaster")
    colour = rng.choice(WALLS)
    rough = graph.noise(graph.position, 45.0, 6.0)
    stain = graph.noise(graph.position, 1.5, 3.0)
    dark: Colour = (colour[0] * 0.82, colour[1] * 0.82, colour[2] * 0.82)
    return graph.finish(graph.ramp(stain, [(0.3, dark), (0.7, colour)]), 0.85, graph.bump(rough, 0.15, 0.002))


def _shell(rng: Random, wall_y: float) -> None:
    """Floor, back wall, side walls far off: nothing black anywhere, light bounces as it should."""
    plaster = _plaster(rng)
    floor = rng.choice([surfaces.oak, surfaces.tiles, surfaces.concrete])(rng)
    forms.box("floor", (9, 9, 0.02), (0, 0, FLOOR_Z), floor)
    forms.box("wall", (9, 0.05, 3.4), (0, wall_y + 0.025, FLOOR_Z + 1.7), plaster)
    for side in (-1, 1):
        forms.box("side wall", (0.05, 9, 3.4), (side * 3.2, 0, FLOOR_Z + 1.7), plaster)
    skirting = paint("skirting", (0.6, 0.59, 0.56), 0.4)
    forms.box("skirting", (9, 0.02, 0.1), (0, wall_y - 0.01, FLOOR_Z + 0.06), skirting)


def _stand(rng: Random, name: str, place: forms.Point) -> None:
    thing = things.THINGS[name](rng)
    thing.location = place
    thing.rotation_euler.z = rng.uniform(0, math.tau)


def _shelf(rng: Random, y: float, z: float, left: float, right: float) -> None:
    wood = rng.choice([surfaces.walnut, surfaces.pine])(rng)
    forms.box("shelf", (right - left, 0.2, 0.025), ((left + right) / 2, y, z), wood, 0.002)
    x = left + 0.08
    while x < right - 0.06:
        _stand(rng, rng.choice(["jar", "jar", "bottle", "mug", "books", "plant"]), (x, y, z + 0.013))
        x += rng.uniform(0.12, 0.3)


def _pane(rng: Random, x: float, y: float, z: float, width: float, height: float) -> None:
    """A window onto a blurred garden, with its frame."""
    graph = Graph("outside")
    blotch = graph.noise(graph.position, 3.0, 5.0, 0.6)
    view = graph.ramp(blotch, [(0.35, (0.10, 0.19, 0.05)), (0.5, (0.5, 0.62, 0.36)), (0.62, (0.9, 0.95, 1.0))])
    graph.put(graph.surface.inputs["Emission Color"], view)
    graph.surface.inputs["Emission Strength"].default_value = rng.uniform(1.6, 3.0)
    forms.box("view", (width, 0.01, height), (x, y - 0.01, z), graph.finish((0.0, 0.0, 0.0), 1.0))
    frame = paint("frame", (0.62, 0.61, 0.58), 0.35)
    for dx in (-0.5, 0.0, 0.5):
        forms.box("bar", (0.05, 0.05, height), (x + dx * width, y - 0.03, z), frame, 0.004)
    for dz in (-0.5, 0.0, 0.5):
        forms.box("bar", (width + 0.05, 0.05, 0.05), (x, y - 0.03, z + dz * height), frame, 0.004)
    forms.box("sill", (width + 0.2, 0.16, 0.03), (x, y - 0.08, z - height / 2 - 0.03), frame, 0.004)


def plain(rng: Random) -> None:
    """A wall right behind the table, with a picture or a shelf on it."""
    wall_y = rng.uniform(0.6, 0.9)
    _shell(rng, wall_y)
    if rng.random() < 0.5:
        _shelf(rng, wall_y - 0.1, rng.uniform(0.36, 0.5), -rng.uniform(0.5, 0.9), rng.uniform(0.4, 0.9))
    else:
        x, z = rng.uniform(-0.3, 0.3), rng.uniform(0.45, 0.6)
        forms.box("print", (0.4, 0.02, 0.3), (x, wall_y - 0.01, z), surfaces.soil(rng))
        forms.box("mount", (0.5, 0.015, 0.4), (x, wall_y - 0.008, z), paint("mount", (0.1, 0.09, 0.08)))


def kitchen(rng: Random) -> None:
    """Tiles behind a worktop, things along it, a shelf above."""
    wall_y = 0.57
    _shell(rng, wall_y)
    _upright_panel((4, 0.6, 0.02), (0, wall_y - 0.011, 0.3), surfaces.tiles(rng))
    for x in (-0.62, -0.47, -0.3, 0.36, 0.5, 0.66):
        if rng.random() < 0.85:
            name = rng.choice(["jar", "bottle", "kettle", "plant", "mug", "jar"])
            _stand(rng, name, (x + rng.uniform(-0.05, 0.05), rng.uniform(0.4, 0.47), 0))
    _shelf(rng, wall_y - 0.1, 0.52, -1.1, 1.1)


def _upright_panel(size: forms.Point, centre: forms.Point, material: Any) -> None:
    """A panel turned up from the floor, because patterns lie in an object's own x and y."""
    forms.box("panel", size, centre, material).rotation_euler.x = math.pi / 2


def dining(rng: Random) -> None:
    """A room: the wall some way off, a window, a sideboard, chair backs at the table."""
    wall_y = rng.uniform(1.7, 2.6)
    _shell(rng, wall_y)
    _pane(rng, rng.uniform(-1.1, 1.1), wall_y, rng.uniform(0.55, 0.75), 1.0, 1.1)
    wood = rng.choice([surfaces.walnut, surfaces.oak, surfaces.painted_boards])(rng)
    side = rng.choice([-1, 1])
    forms.box("sideboard", (1.3, 0.4, 0.8), (side * 0.9, wall_y - 0.22, FLOOR_Z + 0.4), wood, 0.01)
    for x in (-0.4, 0.0, 0.35):
        _stand(rng, rng.choice(["plant", "books", "bottle", "jar"]), (side * 0.9 + x, wall_y - 0.22, FLOOR_Z + 0.8))
    for x in (-0.42, 0.4):
        _chair(rng, x + rng.uniform(-0.08, 0.08), rng.uniform(0.72, 0.85), wood)


def _chair(rng: Random, x: float, y: float, wood: Any) -> None:
    for side in (-0.19, 0.19):
        forms.box("post", (0.03, 0.03, 0.95), (x + side, y, FLOOR_Z + 0.475), wood, 0.006)
    for rail in (0.62, 0.78, 0.92):
        forms.box("rail", (0.38, 0.02, 0.06), (x, y, FLOOR_Z + rail), wood, 0.006)


def library(rng: Random) -> None:
    """Book shelves behind: many coloured backs, out of focus."""
    wall_y = rng.uniform(1.1, 1.7)
    _shell(rng, wall_y + 0.3)
    wood = rng.choice([surfaces.walnut, surfaces.pine])(rng)
    backs = [paint("back", colour, 0.55) for colour in things.COVERS]
    for level in range(6):
        z = FLOOR_Z + 0.1 + level * 0.33
        forms.box("shelf", (3.6, 0.28, 0.025), (0, wall_y, z), wood, 0.002)
        x = -1.8
        while x < 1.8:
            width, height = rng.uniform(0.016, 0.05), rng.uniform(0.19, 0.28)
            if rng.random() < 0.93:
                centre = (x + width / 2, wall_y - rng.uniform(0, 0.03), z + 0.013 + height / 2)
                forms.box("back", (width * 0.94, 0.2, height), centre, rng.choice(backs), 0.001)
            x += width


def market(rng: Random) -> None:
    """A stall in the open: canvas, boxes and posts in the distance."""
    forms.box("street", (14, 14, 0.02), (0, 0, FLOOR_Z), surfaces.concrete(rng))
    canvas = paint("canvas", rng.choice([(0.5, 0.48, 0.42), (0.1, 0.22, 0.16), (0.36, 0.08, 0.07)]), 0.9)
    forms.box("house", (14, 0.1, 6), (0, 4.4, 2), _plaster(rng))
    for x in (-1.6, 0.1, 1.8):
        forms.box("awning", (1.5, 1.0, 0.03), (x, 3.2, 1.15), canvas)
        for side in (-0.7, 0.7):
            forms.box("pole", (0.04, 0.04, 2), (x + side, 2.8, FLOOR_Z + 1), paint("pole", (0.3, 0.3, 0.3)))
        for _ in range(5):
            colour = rng.choice([(0.3, 0.2, 0.1), (0.08, 0.2, 0.07), (0.1, 0.15, 0.3), (0.5, 0.47, 0.4)])
            place = (x + rng.uniform(-0.6, 0.6), rng.uniform(2.6, 3.2), FLOOR_Z + rng.uniform(0.2, 0.9))
            forms.box("stock", (0.35, 0.3, 0.22), place, paint("stock", colour), 0.01)


def garden(rng: Random) -> None:
    """Hedge and sky beyond an outdoor table or the bare ground."""
    forms.box("lawn", (16, 16, 0.02), (0, 0, FLOOR_Z - 0.01), surfaces.soil(rng))
    _hedge(rng, 2.6, FLOOR_Z)


def orchard(rng: Random) -> None:
    """Grass around the origin, at the height of the table top, and trees' shade beyond."""
    _grass(rng)
    _hedge(rng, 3.2, 0.0)


def _hedge(rng: Random, y: float, foot: float) -> None:
    graph = Graph("hedge")
    green = graph.ramp(
        graph.noise(graph.position, 9.0, 4.0), [(0.35, (0.012, 0.03, 0.006)), (0.7, (0.10, 0.19, 0.035))]
    )
    foliage = graph.finish(green, 0.5)
    for _ in range(420):
        clump = forms.leaf("clump", rng.uniform(0.15, 0.3), rng.uniform(0.08, 0.15), 0.5, foliage)
        clump.location = (rng.uniform(-2.6, 2.6), y + rng.uniform(-0.3, 0.3), foot + rng.uniform(0, 1.5))
        clump.rotation_euler = (rng.uniform(-0.6, 0.6), rng.uniform(-0.4, 0.9), rng.uniform(3.2, 6.2))
    forms.box("dark", (9, 0.05, 1.9), (0, y + 0.3, foot + 0.75), paint("shade", (0.02, 0.035, 0.012), 0.9))


def _grass(rng: Random) -> None:
    """Short, worn turf as one mesh: every blade two faces."""
    graph = Graph("grass")
    tone = graph.noise(graph.position, 5.0, 6.0)
    graph.surface.inputs["Subsurface Weight"].default_value = 0.1
    blade_skin = graph.finish(
        graph.ramp(tone, [(0.3, (0.07, 0.13, 0.02)), (0.55, (0.13, 0.2, 0.04)), (0.75, (0.3, 0.26, 0.1))]), 0.5
    )
    vertices: list[forms.Point] = []
    faces: list[list[int]] = []
    for _ in range(26000):
        x, y = rng.uniform(-0.9, 0.9), rng.uniform(-0.7, 1.3)
        turn, lean = rng.uniform(0, math.tau), rng.uniform(0.002, 0.02)
        height, half = rng.uniform(0.008, 0.03), rng.uniform(0.0007, 0.0015)
        dx, dy = math.cos(turn), math.sin(turn)
        at = len(vertices)
        for up, out, wide in ((0.0, 0.0, 1.0), (0.6, 0.35, 0.8)):
            for side in (-1, 1):
                across = side * half * wide
                vertices.append((x + dx * lean * out - dy * across, y + dy * lean * out + dx * across, height * up))
        vertices.append((x + dx * lean, y + dy * lean, height))
        faces += [[at, at + 1, at + 3, at + 2], [at + 2, at + 3, at + 4]]
    forms.from_mesh("grass", vertices, faces, blade_skin)


ROOMS: dict[str, Callable[[Random], None]] = {
    "plain": plain, "kitchen": kitchen, "dining": dining, "library": library,
    "market": market, "garden": garden, "orchard": orchard,
}  # fmt: skip

