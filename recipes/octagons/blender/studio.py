"""White paper that curves up behind, softboxes beside: how shops photograph one product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from recipes.fruits.scenes import shapes
from recipes.fruits.scenes.shading import Color, Graph
from recipes.octagons.blender import lamps

WHITE: Color = (1.0, 1.0, 1.0)


def paper(random: np.random.Generator) -> Any:
    """The ground; sometimes polished, so that the product is mirrored in it."""
    graph = Graph("paper")
    polished = random.random() < 0.2
    material = graph.finish(
        (0.9, 0.9, 0.9), float(random.uniform(0.06, 0.14)) if polished else 0.9,
        specular=0.5 if polished else 0.1,
    )  # fmt: skip
    profile = [(-2.0, 0.0), (0.7, 0.0)]
    profile += [
        (0.7 + 0.5 * math.sin(t), 0.5 - 0.5 * math.cos(t))
        for t in (math.pi / 2 * k / 10 for k in range(1, 11))
    ]
    profile.append((1.2, 3.0))
    vertices = [(x, y, z) for y, z in profile for x in (-3.0, 3.0)]
    faces = [(2 * k, 2 * k + 1, 2 * k + 3, 2 * k + 2) for k in range(len(profile) - 1)]
    ground = shapes.from_mesh("paper", vertices, faces, material)
    ground.data.shade_smooth()
    return ground


def softboxes(random: np.random.Generator) -> None:
    """One strong, one weak, one above: even light, with soft reflections."""
    lamps.surroundings(WHITE, float(random.uniform(0.35, 0.9)))
    strong = random.choice([-1, 1])
    for side in (-1, 1):
        turn = side * random.uniform(0.5, 1.25)
        reach, high = random.uniform(0.8, 1.3), random.uniform(0.3, 0.9)
        place = (reach * math.sin(turn), -reach * math.cos(turn), high)
        watts = random.uniform(8, 18) if side == strong else random.uniform(1.5, 7)
        size = float(random.uniform(0.35, 0.8)), float(random.uniform(0.5, 1.1))
        lamps.area(place, (0, 0, 0.12), size, float(watts), WHITE)
    lamps.area((0, 0.25, 1.5), (0, 1.1, 0.25), (2.0, 0.5), float(random.uniform(25, 45)), WHITE)
    lamps.area((0, float(random.uniform(-0.3, 0.2)), 1.3), (0, 0, 0), (1.0, 1.0),
               float(random.uniform(10, 30)), WHITE)  # fmt: skip
