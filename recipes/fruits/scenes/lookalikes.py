"""Lookalikes: objects that resemble fruit but do not count (`object["label"] = None`).

`LOOKALIKES` lists them all. As in `recipes.fruits.scenes.fruit`: meters, lowest point at z = 0.
"""

import math
import random
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from mathutils import Euler

from recipes.fruits.scenes.apple_skin import AppleVariety, apple_skin
from recipes.fruits.scenes.balls import basket_ball, mug, orange_ball, tennis_ball
from recipes.fruits.scenes.fruit import citrus_spindle
from recipes.fruits.scenes.greenery import leaf, stem
from recipes.fruits.scenes.halves import half_apple, half_lemon, half_orange
from recipes.fruits.scenes.meshes import (
    circle,
    closed_object,
    labeled,
    lathe,
    smooth_noise,
    turn_mesh,
)
from recipes.fruits.scenes.skins import citrus_skin, two_tone_skin

PEAR = AppleVariety(
    ((0.42, 0.46, 0.06), (0.62, 0.52, 0.10)),
    ((0.45, 0.20, 0.04), (0.40, 0.24, 0.07)),
    (-0.6, 0.3),
    0.15,
)
NECTARINE = AppleVariety(
    ((0.74, 0.42, 0.08), (0.76, 0.34, 0.08)),
    ((0.45, 0.04, 0.02), (0.60, 0.10, 0.04)),
    (0.2, 0.9),
    0.2,
)
PEACH_DOWN = ((0.78, 0.36, 0.12), (0.55, 0.08, 0.04))


def tomato(rng: random.Random) -> Any:
    """Round, glossy, ribbed, with a green star of sepals."""
    radius = rng.uniform(0.022, 0.038)
    polar = np.linspace(0, math.pi, 60)
    ring, height = radius * np.sin(polar), radius * rng.uniform(0.75, 0.95) * np.cos(polar)
    height -= radius * 0.16 * np.exp(-((ring / (radius * 0.3)) ** 2)) * (polar < math.pi / 2)
    points, skin = lathe(ring, height)
    ribs = 1 + rng.uniform(0.0, 0.03) * np.cos(rng.choice((5, 6, 7)) * circle(80))
    points[..., :2] *= ribs[None, :, None]
    points *= 1 + smooth_noise(rng, points, radius * 3)[..., None] * 0.012
    tones = rng.choice(
        (((0.52, 0.020, 0.008), (0.62, 0.045, 0.010)), ((0.66, 0.09, 0.012), (0.55, 0.03, 0.008)))
    )
    body = closed_object(
        "tomato", points, skin, two_tone_skin(rng, tones, unit_m=radius, roughness=0.16, coat=0.4)
    )
    top = float(points[0, 0, 2])
    if rng.random() < 0.85:
        for turn in np.linspace(0, 2 * math.pi, 6)[:-1]:
            sepal = leaf(rng, radius * rng.uniform(0.55, 0.8))
            sepal.rotation_euler = (
                0,
                rng.uniform(-0.35, 0.1),
                float(turn) + rng.uniform(-0.2, 0.2),
            )
            sepal.scale = (1, 0.5, 1)
            sepal.location, sepal.parent = (0, 0, top + 0.002), body
        stalk = stem(rng, radius * 0.35, 0.0018, (0.10, 0.20, 0.04))
        stalk.location, stalk.parent = (0, 0, top), body
    return labeled(body, None)


def pear(rng: random.Random) -> Any:
    """A pear standing on its broad end."""
    along = np.linspace(0, math.pi, 70)
    width, height_scale = rng.uniform(0.031, 0.037), rng.uniform(0.045, 0.058)
    waist = 1 - rng.uniform(0.42, 0.55) * (0.5 + 0.5 * np.tanh((np.cos(along) - 0.15) * 3.2))
    ring, height = width * np.sin(along) ** 0.9 * waist, height_scale * np.cos(along)
    height += 0.008 * np.exp(-((ring / 0.009) ** 2)) * (along > math.pi / 2)
    points, skin = lathe(ring, height)
    points[..., 0] += rng.uniform(-0.08, 0.08) * points[..., 2]
    points *= 1 + smooth_noise(rng, points, 0.09)[..., None] * 0.02
    body = closed_object("pear", points, skin, apple_skin(rng, PEAR, width))
    stalk = stem(rng, rng.uniform(0.012, 0.026), 0.0014, (0.10, 0.06, 0.025))
    stalk.location = tuple(points[0].mean(axis=0) - np.array((0, 0, 0.001)))
    stalk.parent = body
    return labeled(body, None)


def peach(rng: random.Random) -> Any:
    """A peach or nectarine with a blush and a groove down one side."""
    radius = rng.uniform(0.030, 0.037)
    polar = np.linspace(0, math.pi, 60)
    ring, height = radius * np.sin(polar), radius * 0.95 * np.cos(polar)
    height -= radius * 0.22 * np.exp(-((ring / (radius * 0.22)) ** 2)) * (polar < math.pi / 2)
    points, skin = lathe(ring, height, around=120)
    groove = np.exp(-((np.minimum(circle(120), 2 * math.pi - circle(120)) / 0.13) ** 2))
    points[..., :2] *= (1 - 0.07 * groove)[None, :, None]
    points *= 1 + smooth_noise(rng, points, radius * 3)[..., None] * 0.014
    if rng.random() < 0.5:
        skin_material = two_tone_skin(rng, PEACH_DOWN, unit_m=radius, roughness=0.7, sheen=0.5)
    else:
        skin_material = apple_skin(rng, NECTARINE, radius)
    return labeled(closed_object("peach", points, skin, skin_material), None)


def lime(rng: random.Random) -> Any:
    """A lime on its side."""
    rind = citrus_skin(
        rng, ((0.06, 0.17, 0.012), (0.22, 0.34, 0.03)), unit_m=0.024, pits=16, green=0.3
    )
    return labeled(citrus_spindle(rng, rng.uniform(0.020, 0.026), 1.15, rind), None)


def carrot(rng: random.Random) -> Any:
    """A carrot on its side: orange in color, but long."""
    along = np.linspace(0, 1, 80)
    length = rng.uniform(0.12, 0.19)
    ring = rng.uniform(0.012, 0.018) * (1 - 0.8 * along) * np.minimum(1, along * 18) ** 0.5
    ring *= 1 + 0.05 * np.sin(along * 90 + 3 * np.sin(along * 23))
    ring[-1] = 0
    points, skin = lathe(ring, -length * along, around=40)
    points[..., 0] += 0.01 * np.sin(along * rng.uniform(2, 5))[:, None]
    tones = ((0.74, 0.18, 0.010), (0.82, 0.27, 0.03))
    body = closed_object(
        "carrot", points, skin, two_tone_skin(rng, tones, unit_m=0.015, roughness=0.5)
    )
    turn_mesh(body, Euler((0, math.pi / 2, 0)))
    return labeled(body, None)


LOOKALIKES: Mapping[str, Callable[[random.Random], Any]] = MappingProxyType(
    {
        "tennis_ball": tennis_ball,
        "orange_ball": orange_ball,
        "basket_ball": basket_ball,
        "mug": mug,
        "tomato": tomato,
        "pear": pear,
        "peach": peach,
        "lime": lime,
        "carrot": carrot,
        "half_orange": half_orange,
        "half_lemon": half_lemon,
        "half_apple": half_apple,
    }
)
