"""Stems, leaves and calyxes, independent of the kind of fruit."""

import math
import random
from typing import Any

import numpy as np

from recipes.fruits.scenes.meshes import (
    Array,
    circle,
    closed_object,
    sheet_object,
    smooth_noise,
    tube,
)
from recipes.fruits.scenes.nodegraph import Color, NodeGraph


def bark(rng: random.Random, color: Color, roughness: float = 0.75) -> Any:
    """Dull, unevenly colored plant matter."""
    graph = NodeGraph("bark")
    position = graph.position(0.01, rng.uniform(0, 50))
    speckle = graph.noise(position, 6.0, 4.0)
    dark = tuple(0.45 * channel for channel in color)
    return graph.finish(
        base_color=graph.mix(graph.smoothstep(speckle, 0.35, 0.65), dark, color),
        roughness=roughness,
        normal=graph.bump(speckle, 0.0006),
    )


def bark_color(rng: random.Random) -> Color:
    """A random color from fresh green to dry brown."""
    dry = rng.random()
    return 0.10 + 0.05 * dry, 0.14 - 0.05 * dry, 0.035


def stem(rng: random.Random, length_m: float, radius_m: float, color: Color) -> Any:
    """A thin bent stem rising from the origin, thicker at its cut end."""
    steps = np.linspace(0, 1, 14)
    lean, turn = rng.uniform(0.1, 0.5) * length_m, rng.uniform(0, 2 * math.pi)
    path = np.stack(
        [lean * steps**2 * math.cos(turn), lean * steps**2 * math.sin(turn), length_m * steps], 1
    )
    radius = radius_m * (0.8 + 0.5 * steps**4)
    radius[0] = radius[-1] = 0
    points, skin = tube(path, radius, np.ones(14))
    points += smooth_noise(rng, points, 0.006)[..., None] * radius_m * 0.12
    return closed_object("stem", points, skin, bark(rng, color))


def leaf(rng: random.Random, length_m: float) -> Any:
    """A leaf whose stalk begins at the origin, pointing along +x."""
    rows, columns = 26, 13
    along = np.linspace(0, 1, rows)[:, None]
    across = np.linspace(-1, 1, columns)[None, :]
    half_width = length_m * rng.uniform(0.19, 0.27)
    outline = np.sin(np.pi * np.clip((along - 0.12) / 0.88, 0, 1) ** 0.8) ** 0.85
    width = np.maximum(half_width * outline, length_m * 0.012)
    points = np.empty((rows, columns, 3))
    points[..., 0] = length_m * along
    points[..., 1] = width * across
    droop, fold = rng.uniform(-0.1, 0.5), rng.uniform(0.1, 0.5)
    points[..., 2] = -droop * length_m * along**2 + fold * width * np.abs(across) ** 1.5
    points[..., 2] += smooth_noise(rng, points, length_m * 0.5) * length_m * 0.012
    skin = np.zeros((rows, columns, 3))
    skin[..., 0], skin[..., 1] = along, across
    return sheet_object("leaf", points, skin, _leaf_skin(rng))


def _leaf_skin(rng: random.Random) -> Any:
    graph = NodeGraph("leaf")
    along, across, _ = graph.skin()
    side = graph.math("ABSOLUTE", across)
    rib = graph.smoothstep(side, 0.0, 0.07, 1.0, 0.0)
    slant = graph.math(
        "SUBTRACT", graph.math("MULTIPLY", along, 9.0), graph.math("MULTIPLY", side, 2.2)
    )
    wave = graph.math("ABSOLUTE", graph.math("SUBTRACT", graph.math("FRACT", slant), 0.5))
    vein = graph.math("MAXIMUM", rib, graph.smoothstep(wave, 0.0, 0.09, 0.55, 0.0))
    shade = rng.uniform(0.7, 1.3)
    green = (0.045 * shade, 0.13 * shade, 0.018 * shade)
    patchy = graph.mix(
        graph.noise(graph.position(0.02, rng.uniform(0, 50)), 2.0), green, (0.09, 0.19, 0.03)
    )
    return graph.finish(
        base_color=graph.mix(vein, patchy, (0.20, 0.30, 0.09)),
        roughness=rng.uniform(0.3, 0.5),
        normal=graph.bump(vein, -0.0006),
    )


def calyx(rng: random.Random, radius_m: float, points_count: int, color: Color) -> Any:
    """A lumpy green star around the stem's foot, centered on the origin."""
    azimuth = circle(40)
    star = 1 + 0.28 * np.cos(points_count * azimuth + rng.uniform(0, 6))
    steps = np.linspace(0, 1, 9)
    radius = radius_m * np.sin(np.pi / 2 * np.minimum(1, steps * 1.25))
    height = radius_m * (0.42 - 0.55 * steps**2)
    points: Array = np.empty((9, 40, 3))
    points[..., 0] = radius[:, None] * star * np.cos(azimuth)
    points[..., 1] = radius[:, None] * star * np.sin(azimuth)
    points[..., 2] = height[:, None]
    points[-1] = (0, 0, -0.2 * radius_m)
    points += smooth_noise(rng, points, radius_m)[..., None] * radius_m * 0.05
    skin = np.zeros((9, 40, 3))
    return closed_object("calyx", points, skin, bark(rng, color))
