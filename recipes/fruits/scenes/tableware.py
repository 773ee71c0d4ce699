"""Cups and cutlery."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from recipes.fruits.scenes import shapes
from recipes.fruits.scenes.shading import Graph, glass, paint


def mug(rng: Random) -> Any:
    radius, height = rng.uniform(0.038, 0.044), rng.uniform(0.085, 0.1)
    color = rng.choice([(0.7, 0.7, 0.68), (0.06, 0.14, 0.24), (0.2, 0.3, 0.26), (0.08, 0.08, 0.09)])
    glaze = paint("mug glaze", color, 0.18)
    profile = [
        (0.0, 0.002), (radius - 0.004, 0.0), (radius, 0.005), (radius, height - 0.002),
        (radius - 0.002, height), (radius - 0.004, height - 0.002), (radius - 0.004, 0.008),
        (0.0, 0.007),
    ]  # fmt: skip
    body = shapes.lathe("mug", profile, glaze)
    path = []
    for step in range(15):
        turn = math.pi * (step / 14 - 0.5)
        path.append(
            (radius - 0.003 + 0.028 * math.cos(turn), 0.0, height / 2 + 0.03 * math.sin(turn))
        )
    drink = paint("coffee", (0.03, 0.014, 0.007), 0.08)
    top = height * 0.82
    surface = shapes.lathe("drink", [(0.0, top), (radius - 0.004, top)], drink)
    return shapes.group("mug", [body, shapes.tube("handle", path, 0.0052, glaze), surface])


def tumbler(rng: Random) -> Any:
    foot, rim, height = 0.03, rng.uniform(0.034, 0.04), rng.uniform(0.095, 0.13)
    profile = [
        (0.0, 0.0), (foot, 0.0), (rim, height), (rim - 0.002, height), (foot - 0.002, 0.011),
        (0.0, 0.01),
    ]  # fmt: skip
    return shapes.lathe("tumbler", profile, glass("tumbler glass"))


def _flat_tool(name: str, outline: list[tuple[float, float]], bend_m: float) -> Any:
    """A piece of cutlery: half outline (x, half width) mirrored, bent and given thickness."""
    steel = Graph("cutlery")
    steel.surface.inputs["Metallic"].default_value = 1.0
    metal = steel.finish((0.62, 0.61, 0.58), 0.2)
    vertices: list[shapes.Point] = []
    last = outline[-1][0]
    for x, half in outline:
        z = 0.002 + bend_m * math.sin(math.pi * x / last)
        vertices += [(x, -half, z), (x, 0.0, z - half * 0.12), (x, half, z)]
    faces = []
    for step in range(len(outline) - 1):
        for side in (0, 1):
            low = step * 3 + side
            faces.append([low, low + 1, low + 4, low + 3])
    created = shapes.from_mesh(name, vertices, faces, metal)
    created.data.shade_smooth()
    thick = created.modifiers.new("thick", "SOLIDIFY")
    thick.thickness, thick.offset = 0.0018, 0.0
    return created


def knife(_rng: Random) -> Any:
    blade = [
        (0.0, 0.006),
        (0.02, 0.0085),
        (0.085, 0.006),
        (0.095, 0.009),
        (0.16, 0.009),
        (0.2, 0.005),
        (0.212, 0.0008),
    ]
    return _flat_tool("knife", blade, 0.0)


def spoon(_rng: Random) -> Any:
    outline = [(0.0, 0.007), (0.02, 0.008), (0.06, 0.004), (0.11, 0.003), (0.13, 0.004),
               (0.142, 0.013), (0.16, 0.019), (0.178, 0.017),
               (0.19, 0.009), (0.194, 0.001)]  # fmt: skip
    return _flat_tool("spoon", outline, 0.007)
