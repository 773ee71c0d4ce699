"""Builds bananas, alone or several on one crown. Callers find them in `training.scenes.fruit`."""

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
    labelled,
    lathe,
    lumps,
    rest_on_ground,
    tube,
    turn_mesh,
)


def banana(rng: random.Random) -> Any:
    """A banana on its side, its curve lying flat, stem end first."""
    body = _banana_body(rng, rng.triangular(0.1, 0.95, 0.5))
    return labelled(body, "banana")


def bunch(rng: random.Random, n: int) -> list[Any]:
    """`n` separate bananas that hang on one crown; the crown, their parent, moves them all."""
    ripeness = rng.triangular(0.1, 0.9, 0.45)
    crown = _crown(rng, n)
    arch = rng.choice((-1, 1))
    front = n if n < 4 else (n + 1) // 2
    bananas = []
    for index in range(n):
        back = index >= front
        row, place = (n - front, index - front) if back else (front, index)
        one = _banana_body(rng, ripeness + rng.uniform(-0.06, 0.06), wild=0.4)
        one["label"] = "banana"
        one.parent = crown
        _hang(rng, one, place - (row - 1) / 2, back, arch)
        bananas.append(one)
    rest_on_ground(crown)
    return bananas


def _hang(rng: random.Random, one: Any, offset: float, back: bool, arch: int) -> None:
    """Place one finger: `offset` steps from the middle of its row; tips up when `arch` is -1."""
    turn_mesh(one, Euler((arch * math.pi / 2, 0, 0)))
    lift = 24 if back and arch < 0 else 6 * back
    one.rotation_euler = (
        math.radians(offset * 5),
        math.radians(rng.uniform(-3, 3) - lift),
        math.radians(offset * rng.uniform(8, 11)),
    )
    raised = 0.017 if arch < 0 else 0.029
    one.location = (-0.007 - 0.004 * back, offset * 0.0155, raised * back)


def _banana_body(rng: random.Random, ripeness: float, wild: float = 1.0) -> Any:
    """`wild` scales how far length, bend and girth stray: hands of bananas grow alike."""

    def stray(middle: float, spread: float) -> float:
        return middle + wild * rng.uniform(-spread, spread)

    length, girth, bend = stray(0.185, 0.025), stray(0.0172, 0.002), stray(1.35, 0.5)
    along = np.linspace(0, 1, 90)
    # The neck is nearly straight; the bend gathers in the middle.
    angle = -bend * (np.clip((along - 0.12) / 0.88, 0, 1) ** 1.15) + bend * 0.12
    step = length / (len(along) - 1)
    path = np.zeros((90, 3))
    path[1:, 0] = np.cumsum(np.cos(angle))[:-1] * step
    path[1:, 1] = np.cumsum(np.sin(angle))[:-1] * step
    path[:, 2] = stray(0, 0.012) * along**2
    swell = np.interp(
        along,
        [0, 0.005, 0.03, 0.09, 0.15, 0.24, 0.38, 0.6, 0.78, 0.88, 0.94, 0.965, 0.995, 1],
        [0, 0.42, 0.36, 0.31, 0.42, 0.78, 0.97, 1.0, 0.93, 0.74, 0.45, 0.27, 0.22, 0],
    )
    radius = girth * _smoothed(swell)
    radius[0] = radius[-1] = 0
    azimuth = circle(45)
    # A crest at azimuth zero: the skin looks for its brown edges there.
    section = 1 + stray(0.055, 0.02) * np.cos(5 * azimuth) + 0.016 * np.cos(10 * azimuth)
    points, skin = tube(path, radius, section)
    points += lumps(rng, points, 0.05)[..., None] * 0.0006
    return closed_object("banana", points, skin, banana_skin(rng, ripeness))


def _smoothed(values: Array) -> Array:
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    return np.convolve(np.pad(values, 2, mode="edge"), kernel, mode="valid")


def _crown(rng: random.Random, n: int) -> Any:
    polar = np.linspace(0, math.pi, 20)
    points, skin = lathe(0.0085 * np.sin(polar) ** 0.6, 0.0085 * np.cos(polar), around=24)
    points[..., 1] *= 0.7 + 0.45 * min(n, 4)
    points[..., 0] *= 1.2
    points[..., 0] -= 0.006
    if n >= 4:
        points[..., 2] = 1.7 * points[..., 2] + 0.008
    points += lumps(rng, points, 0.012)[..., None] * 0.0016
    crown = closed_object("crown", points, skin, bark(rng, (0.36, 0.32, 0.06)))
    crown["label"] = None
    return crown
