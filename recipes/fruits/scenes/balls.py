"""Balls and a mug that resemble fruit. None of them counts."""

import math
import random
from typing import Any

import numpy as np

from recipes.fruits.scenes.meshes import Array, closed_object, labeled, lathe, smooth_noise, tube
from recipes.fruits.scenes.nodegraph import Color, NodeGraph
from recipes.fruits.scenes.skins import random_color_between, two_tone_skin


def tennis_ball(rng: random.Random) -> Any:
    """Felt and a white seam."""
    points, skin = _sphere(0.0335, 150, 200)
    turn = np.linspace(0, 2 * math.pi, 400)
    seam = np.stack(
        [
            0.75 * np.cos(turn) + 0.25 * np.cos(3 * turn),
            0.75 * np.sin(turn) - 0.25 * np.sin(3 * turn),
            0.866 * np.sin(2 * turn),
        ],
        1,
    )
    skin[..., 0] = _distance(points / 0.0335, seam)
    points *= 1 + smooth_noise(rng, points, 0.0012)[..., None] * 0.004
    graph = NodeGraph("felt")
    line, _, _ = graph.skin()
    position = graph.position(0.0335, rng.uniform(0, 90))
    fuzz = graph.noise(position, 26.0, 6.0)
    felt = random_color_between(rng, (0.42, 0.60, 0.02), (0.60, 0.72, 0.08))
    dark: Color = (0.7 * felt[0], 0.7 * felt[1], 0.7 * felt[2])
    color = graph.mix(graph.smoothstep(fuzz, 0.35, 0.65), dark, felt)
    groove = graph.smoothstep(line, 0.045, 0.075, 1.0, 0.0)
    material = graph.finish(
        base_color=graph.mix(groove, color, (0.75, 0.76, 0.70)),
        roughness=0.95,
        sheen_weight=0.6,
        normal=graph.bump(fuzz, 0.0016),
    )
    return labeled(closed_object("tennis ball", points, skin, material), None)


def orange_ball(rng: random.Random) -> Any:
    """A plain ball of smooth rubber or plastic, in the color of an orange."""
    radius = rng.uniform(0.02, 0.05)
    points, skin = _sphere(radius, 60, 80)
    tones = ((0.80, 0.13, 0.004), (0.90, 0.28, 0.02))
    rubber = two_tone_skin(
        rng,
        (tones[0], tones[0]) if rng.random() < 0.5 else (tones[1], tones[1]),
        unit_m=radius * 6,
        roughness=rng.uniform(0.08, 0.6),
        coat=rng.choice((0.0, 0.6)),
        glow=0.0,
    )
    return labeled(closed_object("orange ball", points, skin, rubber), None)


def basket_ball(rng: random.Random) -> Any:
    """A small pebbled ball with black seams."""
    radius = rng.uniform(0.035, 0.11)
    points, skin = _sphere(radius, 130, 180)
    unit = points / radius
    arcs = np.abs(np.abs(unit[..., 1]) - 0.36 - 0.42 * unit[..., 0] ** 2)
    skin[..., 0] = np.minimum(np.minimum(np.abs(unit[..., 0]), np.abs(unit[..., 2])), arcs)
    graph = NodeGraph("basket ball")
    line, _, _ = graph.skin()
    position = graph.position(radius, rng.uniform(0, 90))
    pebble = graph.smoothstep(graph.cells(position, 34.0), 0.1, 0.5, 1.0, 0.0)
    seam = graph.smoothstep(line, 0.02, 0.035, 1.0, 0.0)
    leather = random_color_between(rng, (0.62, 0.14, 0.02), (0.72, 0.22, 0.04))
    material = graph.finish(
        base_color=graph.mix(seam, leather, (0.012, 0.011, 0.01)),
        roughness=0.55,
        normal=graph.bump(pebble, radius * 0.012),
    )
    return labeled(closed_object("basket ball", points, skin, material), None)


def mug(rng: random.Random) -> Any:
    """A glazed mug in orange, lemon or red."""
    radius, height = rng.uniform(0.036, 0.045), rng.uniform(0.08, 0.105)
    inner = radius - 0.004
    ring = [0, radius * 0.92, radius * 0.98, radius, radius, radius - 0.002, inner, inner, 0]
    level = [0, 0, 0.002, 0.006, height - 0.002, height, height - 0.002, 0.006, 0.005]
    steps = np.linspace(0, len(ring) - 1, 100)
    grid = np.arange(len(ring))
    points, skin = lathe(np.interp(steps, grid, ring), np.interp(steps, grid, level))
    # The profile runs from the foot upward; reversed, its faces point outward.
    paint = rng.choice(((0.82, 0.20, 0.01), (0.84, 0.58, 0.03), (0.55, 0.03, 0.02)))
    glaze = two_tone_skin(rng, (paint, paint), unit_m=0.5, roughness=0.15, coat=0.5, glow=0.0)
    body = closed_object("mug", points[::-1].copy(), skin, glaze)
    turn = np.linspace(-math.pi / 2, math.pi / 2, 30)
    path = np.zeros((30, 3))
    path[:, 0] = radius - 0.003 + 0.026 * np.cos(turn)
    path[:, 2] = height * 0.52 + height * 0.3 * np.sin(turn)
    handle, handle_skin = tube(path, np.full(30, 0.0048), np.ones(16))
    closed_object("handle", handle, handle_skin, glaze).parent = body
    return labeled(body, None)


def _sphere(radius: float, rows: int, around: int) -> tuple[Array, Array]:
    polar = np.linspace(0, math.pi, rows)
    return lathe(radius * np.sin(polar), radius * np.cos(polar), around=around)


def _distance(points: Array, line: Array) -> Array:
    """Distance from each point to the nearest point of a line."""
    nearest_squared = np.full(points.shape[:2], np.inf)
    for line_point in line:
        nearest_squared = np.minimum(nearest_squared, ((points - line_point) ** 2).sum(-1))
    return np.sqrt(nearest_squared)
