"""Banana models, single or several on one crown; exported by `recipes.fruits.scenes.fruit`."""

import math
import random
from typing import Any

import numpy as np
from mathutils import Euler

from recipes.fruits.scenes.banana_skin import banana_skin
from recipes.fruits.scenes.greenery import bark
from recipes.fruits.scenes.meshes import (
    Array,
    circle,
    closed_object,
    labeled,
    lathe,
    rest_on_ground,
    smooth_noise,
    tube,
    turn_mesh,
)


def banana(rng: random.Random) -> Any:
    """A banana on its side, its curve lying flat, stem end first."""
    body = _banana_body(rng, rng.triangular(0.1, 0.95, 0.5))
    return labeled(body, "banana")


def bunch(rng: random.Random, count: int) -> list[Any]:
    """`n` separate bananas hanging on one crown; the crown is their parent and moves them all."""
    ripeness = rng.triangular(0.1, 0.9, 0.45)
    crown = _crown(rng, count)
    arch = rng.choice((-1, 1))
    front = count if count < 4 else (count + 1) // 2
    bananas = []
    for index in range(count):
        back = index >= front
        row, position = (count - front, index - front) if back else (front, index)
        body = _banana_body(rng, ripeness + rng.uniform(-0.06, 0.06), variation=0.4)
        body["label"] = "banana"
        body.parent = crown
        _attach_to_crown(rng, body, position - (row - 1) / 2, back, arch)
        bananas.append(body)
    rest_on_ground(crown)
    return bananas


def _attach_to_crown(rng: random.Random, body: Any, offset: float, back: bool, arch: int) -> None:
    """Place a banana `offset` steps from the middle of its row; tips point up when `arch` is -1."""
    turn_mesh(body, Euler((arch * math.pi / 2, 0, 0)))
    lift = 24 if back and arch < 0 else 6 * back
    body.rotation_euler = (
        math.radians(offset * 5),
        math.radians(rng.uniform(-3, 3) - lift),
        math.radians(offset * rng.uniform(8, 11)),
    )
    raised = 0.017 if arch < 0 else 0.029
    body.location = (-0.007 - 0.004 * back, offset * 0.0155, raised * back)


def _banana_body(rng: random.Random, ripeness: float, variation: float = 1.0) -> Any:
    """`wild` scales the variation of length, bend and girth: bananas of a bunch are similar."""

    def vary(middle: float, spread: float) -> float:
        return middle + variation * rng.uniform(-spread, spread)

    length, girth, bend = vary(0.185, 0.025), vary(0.0172, 0.002), vary(1.35, 0.5)
    along = np.linspace(0, 1, 90)
    # The neck is nearly straight; most of the bend is in the middle.
    angle = -bend * (np.clip((along - 0.12) / 0.88, 0, 1) ** 1.15) + bend * 0.12
    step = length / (len(along) - 1)
    path = np.zeros((90, 3))
    path[1:, 0] = np.cumsum(np.cos(angle))[:-1] * step
    path[1:, 1] = np.cumsum(np.sin(angle))[:-1] * step
    path[:, 2] = vary(0, 0.012) * along**2
    swell = np.interp(
        along,
        [0, 0.005, 0.03, 0.09, 0.15, 0.24, 0.38, 0.6, 0.78, 0.88, 0.94, 0.965, 0.995, 1],
        [0, 0.42, 0.36, 0.31, 0.42, 0.78, 0.97, 1.0, 0.93, 0.74, 0.45, 0.27, 0.22, 0],
    )
    radius = girth * _smoothed(swell)
    radius[0] = radius[-1] = 0
    azimuth = circle(45)
    # A ridge at azimuth zero, where the skin material expects its brown edges.
    section = 1 + vary(0.055, 0.02) * np.cos(5 * azimuth) + 0.016 * np.cos(10 * azimuth)
    points, skin = tube(path, radius, section)
    points += smooth_noise(rng, points, 0.05)[..., None] * 0.0006
    return closed_object("banana", points, skin, banana_skin(rng, ripeness))


def _smoothed(values: Array) -> Array:
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    return np.convolve(np.pad(values, 2, mode="edge"), kernel, mode="valid")


def _crown(rng: random.Random, count: int) -> Any:
    polar = np.linspace(0, math.pi, 20)
    points, skin = lathe(0.0085 * np.sin(polar) ** 0.6, 0.0085 * np.cos(polar), around=24)
    points[..., 1] *= 0.7 + 0.45 * min(count, 4)
    points[..., 0] *= 1.2
    points[..., 0] -= 0.006
    if count >= 4:
        points[..., 2] = 1.7 * points[..., 2] + 0.008
    points += smooth_noise(rng, points, 0.012)[..., None] * 0.0016
    crown = closed_object("crown", points, skin, bark(rng, (0.36, 0.32, 0.06)))
    crown["label"] = None
    return crown
