"""Fruit models that count, built in the current Blender scene, in meters.

Each function returns the root object: lowest point at z = 0 above the origin, label in
`object["label"]`.
"""

import math
import random
from typing import Any

import numpy as np
import numpy.typing as npt
from mathutils import Euler

from recipes.fruits.scenes.apple_skin import APPLES, apple_skin
from recipes.fruits.scenes.bananas import banana, bunch
from recipes.fruits.scenes.greenery import bark_color, calyx, leaf, stem
from recipes.fruits.scenes.meshes import (
    Array,
    circle,
    closed_object,
    labeled,
    lathe,
    smooth_noise,
    turn_mesh,
)
from recipes.fruits.scenes.skins import citrus_skin

__all__ = ["APPLES", "apple", "banana", "bunch", "citrus_spindle", "lemon", "orange"]

ORANGE_TONES = ((0.74, 0.135, 0.004), (0.86, 0.30, 0.012))
LEMON_TONES = ((0.84, 0.56, 0.012), (0.80, 0.68, 0.06))


def orange(rng: random.Random) -> Any:
    """An orange or mandarin: a pitted, slightly flattened ball with a green button."""
    radius = rng.uniform(0.033, 0.041)
    polar = np.linspace(0, math.pi, 60)
    flat = rng.uniform(0.88, 1.02)
    ring = radius * np.sin(polar)
    height = radius * flat * np.cos(polar)
    height -= _dent(ring, radius * rng.uniform(0.02, 0.07), radius * 0.2, polar < math.pi / 2)
    height += _dent(ring, radius * rng.uniform(0.0, 0.05), radius * 0.15, polar > math.pi / 2)
    points, skin = lathe(ring, height)
    points *= 1 + smooth_noise(rng, points, radius * 2.6)[..., None] * 0.014
    rind = citrus_skin(
        rng, ORANGE_TONES, unit_m=radius, pits=rng.uniform(20, 27), green=rng.choice((0, 0.2, 0.6))
    )
    body = closed_object("orange", points, skin, rind)
    top = float(points[0, 0, 2])
    green = bark_color(rng)
    if rng.random() < 0.85:
        _attach(calyx(rng, radius * rng.uniform(0.07, 0.12), 5, green), body, top)
    if rng.random() < 0.12:
        _attach(stem(rng, rng.uniform(0.006, 0.02), 0.0018, green), body, top)
        _add_leaves(rng, body, top)
    return labeled(body, "orange")


def apple(rng: random.Random, variety: str | None = None) -> Any:
    """An apple with both dimples. `variety` is a name in `APPLES`; random if None."""
    variety = variety or rng.choice(tuple(APPLES))
    radius = rng.uniform(0.032, 0.042)
    polar = np.linspace(0, math.pi, 72)
    ring = radius * np.sin(polar) ** 0.92
    ring *= 1 + rng.uniform(0.03, 0.16) * np.cos(polar)
    height = radius * rng.uniform(0.82, 1.02) * np.cos(polar)
    top_half = polar < math.pi / 2
    height -= _dent(
        ring, radius * rng.uniform(0.32, 0.48), radius * rng.uniform(0.2, 0.3), top_half
    )
    height += _dent(ring, radius * rng.uniform(0.16, 0.30), radius * 0.24, ~top_half)
    points, skin = lathe(ring, height)
    ribs = rng.uniform(0.0, 0.045) * np.sin(polar / 2)[:, None] ** 3
    lobes = 1 + ribs * np.cos(5 * circle(points.shape[1]) + rng.uniform(0, 6))[None, :]
    points[..., :2] *= lobes[..., None]
    points *= 1 + smooth_noise(rng, points, radius * 3.0)[..., None] * 0.018
    body = closed_object("apple", points, skin, apple_skin(rng, APPLES[variety], radius))
    foot = float(points[0, 0, 2]) - 0.001
    if rng.random() < 0.85:
        brown = (rng.uniform(0.06, 0.16), rng.uniform(0.045, 0.09), 0.02)
        _attach(stem(rng, radius * rng.uniform(0.4, 0.85), 0.0013, brown), body, foot)
        if rng.random() < 0.18:
            _add_leaves(rng, body, foot + radius * 0.4)
    sepals = calyx(rng, radius * 0.12, 5, (0.07, 0.05, 0.025))
    sepals.rotation_euler = (math.pi, 0, 0)
    _attach(sepals, body, float(points[-1, 0, 2]))
    return labeled(body, "apple")


def lemon(rng: random.Random) -> Any:
    """A lemon on its side, axis along x, nipple toward +x."""
    body = citrus_spindle(rng, rng.uniform(0.023, 0.029), rng.uniform(1.12, 1.42), _lemon_rind(rng))
    return labeled(body, "lemon")


def _lemon_rind(rng: random.Random) -> Any:
    return citrus_skin(
        rng,
        LEMON_TONES,
        unit_m=0.026,
        pits=rng.uniform(13, 18),
        green=rng.choice((0.0, 0.1, 0.5, 0.9)),
    )


def citrus_spindle(rng: random.Random, radius: float, stretch: float, rind: Any) -> Any:
    """The common body of lemons and limes: an ovoid with neck and nipple, lying along x."""
    polar = np.linspace(0, math.pi, 64)
    ring = radius * np.sin(polar) ** rng.uniform(0.95, 1.12)
    height = radius * stretch * np.cos(polar)
    nipple, neck = radius * rng.uniform(0.12, 0.38), radius * rng.uniform(0.02, 0.2)
    height -= nipple * np.exp(-((ring / (radius * rng.uniform(0.26, 0.36))) ** 2)) * (height < 0)
    height += neck * np.exp(-((ring / (radius * 0.3)) ** 2)) * (height > 0)
    height -= _dent(ring, radius * 0.1, radius * 0.09, polar < math.pi / 2)
    points, skin = lathe(ring, height, around=72)
    points *= 1 + smooth_noise(rng, points, radius * 2.2)[..., None] * 0.022
    points += smooth_noise(rng, points, radius * 0.7)[..., None] * radius * 0.006
    body = closed_object("citrus", points, skin, rind)
    if rng.random() < 0.7:
        _attach(calyx(rng, radius * 0.11, 5, bark_color(rng)), body, float(points[0, 0, 2]))
    # Rotating the mesh itself leaves the object's rotation to the caller and the ends level.
    turn_mesh(body, Euler((0, -math.pi / 2, 0)))
    return body


def _dent(ring: Array, depth: float, width: float, where: npt.NDArray[np.bool_]) -> Array:
    """How far each ring sinks toward the fruit's center, around a pole."""
    return depth * np.exp(-((ring / width) ** 2)) * where


def _attach(part: Any, body: Any, height: float) -> None:
    part.location = (0, 0, height)
    part.parent = body


def _add_leaves(rng: random.Random, body: Any, height: float) -> None:
    for _ in range(rng.choice((1, 1, 2))):
        blade = leaf(rng, rng.uniform(0.035, 0.07))
        blade.rotation_euler = (
            rng.uniform(-0.4, 0.4),
            rng.uniform(-0.6, 0.1),
            rng.uniform(0, 6.28),
        )
        _attach(blade, body, height + 0.004)
