"""A shop's shelf: boards, back, rails with prices, the lamps of the ceiling."""

from __future__ import annotations

from typing import Any

import numpy as np

from recipes.fruits.scenes import shapes
from recipes.fruits.scenes.shading import Color, Graph, paint
from recipes.octagons import scenes
from recipes.octagons.blender import lamps
from recipes.octagons.blender.bodies import Body, Patch
from recipes.octagons.blender.goods import mesh_object
from recipes.octagons.blender.materials import image

_BOARDS: tuple[Color, ...] = (
    (0.78, 0.78, 0.76), (0.55, 0.56, 0.57), (0.30, 0.19, 0.10), (0.07, 0.075, 0.085),
    (0.66, 0.60, 0.50),
)  # fmt: skip
_RAILS = ((236, 236, 232), (206, 30, 40), (240, 200, 40), (60, 64, 72), (40, 90, 150))
_WIDE, _DEEP = 3.0, 0.46
_RAIL = 0.045  # meters high


def shelf(height_m: float, random: np.random.Generator) -> None:
    """A board whose upper face is z = 0 and whose front is y = 0, and one `height_m` above."""
    tone = _BOARDS[random.integers(len(_BOARDS))]
    board = paint("board", tone, float(random.uniform(0.25, 0.55)))
    rail = _RAILS[random.integers(len(_RAILS))]
    for z in (-height_m, 0.0, height_m):
        shapes.box("board", (_WIDE, _DEEP, 0.02), (0, _DEEP / 2, z - 0.01), board, 0.002)
        _price_rail(z, rail, random)
    back = _perforated(tone) if random.random() < 0.4 else board
    shapes.box("back", (_WIDE, 0.01, 3.0), (0, _DEEP, 0), back)


def _perforated(tone: Color) -> Any:
    graph = Graph("perforated")
    holes = graph.node("ShaderNodeTexVoronoi", {"feature": "F1", "distance": "EUCLIDEAN"},
                       vector=graph.position, scale=40.0, randomness=0.0)  # fmt: skip
    hole = graph.remap(holes.outputs["Distance"], 0.2, 0.24, 1.0, 0.0)
    return graph.finish(graph.mix(hole, tone, (0.02, 0.02, 0.02)), 0.5)


def _price_rail(z: float, colour: tuple[int, int, int], random: np.random.Generator) -> None:
    """A strip along the board's front, leaning back a little, with tags on it."""
    high, wide = 84, round(84 * _WIDE / 2 / _RAIL)
    pixels = np.ones((high, wide, 3), np.float32) * np.array(colour, np.float32)
    scenes.price_tags(pixels, -2, high + 2, random)
    graph = Graph("rail")
    texture = graph.node("ShaderNodeTexImage", {"image": image("rail", pixels.clip(0, 255))})
    texture.extension = "REPEAT"
    graph.put(texture.inputs["Vector"], graph.node("ShaderNodeTexCoord").outputs["UV"])
    material = graph.finish(texture.outputs["Color"], float(random.uniform(0.2, 0.5)))
    x, low = _WIDE / 2, z - _RAIL + 0.004
    points = np.array(
        [[(-x, -0.016, low), (x, -0.016, low)], [(-x, -0.004, z + 0.004), (x, -0.004, z + 0.004)]]
    )
    uv = np.array([[(0.0, 0.0), (2.0, 0.0)], [(0.0, 1.0), (2.0, 1.0)]])
    mesh_object("rail", Body((Patch(points, uv, "print"),), 1.0), {"print": material})


def ceiling(height_m: float, random: np.random.Generator) -> None:
    """Rows of tubes before the shelf, light from the rest of the shop."""
    warm = float(random.uniform(-1, 1))
    colour: Color = (1.0, 0.96 + 0.02 * min(0.0, -warm), 0.94 - 0.1 * max(0.0, warm))
    lamps.surroundings(colour, float(random.uniform(0.4, 0.9)))
    for _ in range(int(random.integers(1, 4))):
        place = (float(random.uniform(-0.9, 0.9)), float(random.uniform(-1.6, -0.6)),
                 height_m + float(random.uniform(0.7, 1.4)))  # fmt: skip
        long = float(random.uniform(0.8, 1.8)), float(random.uniform(0.06, 0.25))
        lamps.area(place, (0, 0.1, 0.1), long, float(random.uniform(16, 48)), colour)
    if random.random() < 0.25:  # a strip of light under the board above
        lamps.area((0, 0.03, height_m - 0.03), (0, 0.16, 0), (2.4, 0.02),
                   float(random.uniform(1.5, 5)), colour)  # fmt: skip
