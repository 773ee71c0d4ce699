"""Builds one fruit that counts, in the current Blender scene, in metres.

Each function returns the root object, its lowest point at z = 0 above the origin, its label in
`object["label"]`. Knows nothing of cameras, lamps or what stands around it.
"""

import math
import random
from typing import Any

import numpy as np
from mathutils import Euler, Vector

from training.scenes.greenery import bark_colour, calyx, leaf, stem
from training.scenes.meshes import (
    Array,
    circle,
    closed_object,
    lathe,
    lumps,
    rest_on_ground,
    tube,
)
from training.scenes.skins import APPLES, apple_skin, banana_skin, citrus

ORANGE_TONES = ((0.74, 0.135, 0.004), (0.86, 0.30, 0.012))
LEMON_TONES = ((0.84, 0.56, 0.012), (0.80, 0.68, 0.06))


def orange(rng: random.Random) -> Any:
    """An orange or mandarin: a pitted ball, a little flattened, with its green button."""
    radius = rng.uniform(0.033, 0.041)
    polar = np.linspace(0, math.pi, 60)
    flat = rng.uniform(0.88, 1.02)
    ring = radius * np.sin(polar)
    height = radius * flat * np.cos(polar)
    height -= _dent(ring, radius * rng.uniform(0.02, 0.07), radius * 0.2, polar < math.pi / 2)
    height += _dent(ring, radius * rng.uniform(0.0, 0.05), radius * 0.15, polar > math.pi / 2)
    points, skin = lathe(ring, height)
    points *= 1 + lumps(rng, points, radius * 2.6)[..., None] * 0.014
    rind = citrus(
        rng, ORANGE_TONES, unit_m=radius, pits=rng.uniform(20, 27), green=rng.choice((0, 0.2, 0.6))
    )
    body = closed_object("orange", points, skin, rind)
    top = float(points[0, 0, 2])
    green = bark_colour(rng)
    if rng.random() < 0.85:
        _attach(calyx(rng, radius * rng.uniform(0.07, 0.12), 5, green), body, top)
    if rng.random() < 0.12:
        _attach(stem(rng, rng.uniform(0.006, 0.02), 0.0018, green), body, top)
        _add_leaves(rng, body, top)
    return _finished(body, "orange")


def apple(rng: random.Random, variety: str | None = None) -> Any:
    """An apple with both dimples. `variety` is a name in `skins.APPLES`; by chance when None."""
    variety = variety or rng.choice(tuple(APPLES))
    radius = rng.uniform(0.032, 0.042)
    polar = np.linspace(0, math.pi, 72)
    ring = radius * np.sin(polar) ** 0.92
    ring *= 1 + rng.uniform(0.03, 0.16) * np.cos(polar)
    height = radius * rng.uniform(0.82, 1.02) * np.cos(polar)
    top_half = polar < math.pi / 2
    height -= _dent(ring, radius * rng.uniform(0.32, 0.48), radius * rng.uniform(0.2, 0.3), top_half)
    height += _dent(ring, radius * rng.uniform(0.16, 0.30), radius * 0.24, ~top_half)
    points, skin = lathe(ring, height)
    ribs = rng.uniform(0.0, 0.045) * np.sin(polar / 2)[:, None] ** 3
    lobes = 1 + ribs * np.cos(5 * circle(points.shape[1]) + rng.uniform(0, 6))[None, :]
    points[..., :2] *= lobes[..., None]
    points *= 1 + lumps(rng, points, radius * 3.0)[..., None] * 0.018
    body = closed_object("apple", points, skin, apple_skin(rng, variety, radius))
    foot = float(points[0, 0, 2]) - 0.001
    if rng.random() < 0.85:
        brown = (rng.uniform(0.06, 0.16), rng.uniform(0.045, 0.09), 0.02)
        _attach(stem(rng, radius * rng.uniform(0.4, 0.85), 0.0013, brown), body, foot)
        if rng.random() < 0.18:
            _add_leaves(rng, body, foot + radius * 0.4)
    sepals = calyx(rng, radius * 0.12, 5, (0.07, 0.05, 0.025))
    sepals.rotation_euler = (math.pi, 0, 0)
    _attach(sepals, body, float(points[-1, 0, 2]))
    return _finished(body, "apple")


def lemon(rng: random.Random) -> Any:
    """A lemon on its side, axis along x, nipple towards +x."""
    body = citrus_spindle(rng, rng.uniform(0.023, 0.029), rng.uniform(1.12, 1.42), _lemon_rind(rng))
    return _finished(body, "lemon")


def _lemon_rind(rng: random.Random) -> Any:
    return citrus(
        rng,
        LEMON_TONES,
        unit_m=0.026,
        pits=rng.uniform(13, 18),
        green=rng.choice((0.0, 0.1, 0.5, 0.9)),
    )


def citrus_spindle(rng: random.Random, radius: float, stretch: float, rind: Any) -> Any:
    """The body lemons and limes share: an ovoid with a neck and a nipple, lying along x."""
    polar = np.linspace(0, math.pi, 64)
    ring = radius * np.sin(polar) ** rng.uniform(0.95, 1.12)
    height = radius * stretch * np.cos(polar)
    nipple, neck = radius * rng.uniform(0.12, 0.38), radius * rng.uniform(0.02, 0.2)
    height -= nipple * np.exp(-((ring / (radius * rng.uniform(0.26, 0.36))) ** 2)) * (height < 0)
    height += neck * np.exp(-((ring / (radius * 0.3)) ** 2)) * (height > 0)
    height -= _dent(ring, radius * 0.1, radius * 0.09, polar < math.pi / 2)
    points, skin = lathe(ring, height, around=72)
    points *= 1 + lumps(rng, points, radius * 2.2)[..., None] * 0.022
    points += lumps(rng, points, radius * 0.7)[..., None] * radius * 0.006
    body = closed_object("citrus", points, skin, rind)
    if rng.random() < 0.7:
        _attach(calyx(rng, radius * 0.11, 5, bark_colour(rng)), body, float(points[0, 0, 2]))
    # Turning the mesh itself keeps the caller's rotation free and the ends level.
    _turn(body, Euler((0, -math.pi / 2, 0)))
    return body


def banana(rng: random.Random) -> Any:
    """A banana on its side, its curve lying flat, stem end first."""
    body = _banana_body(rng, rng.uniform(0.15, 0.72))
    return _finished(body, "banana")


def bunch(rng: random.Random, n: int) -> list[Any]:
    """`n` separate bananas that hang on one crown; the crown, their parent, moves them all."""
    ripeness = rng.uniform(0.15, 0.7)
    crown = _crown(rng, n)
    front = n if n < 4 else (n + 1) // 2
    bananas = []
    for index in range(n):
        back = index >= front
        row, place = (n - front, index - front) if back else (front, index)
        offset = place - (row - 1) / 2
        one = _banana_body(rng, ripeness + rng.uniform(-0.06, 0.06), wild=0.4)
        # The curve lies in the plane of x and y; a quarter turn makes it arch downwards.
        _turn(one, Euler((-math.pi / 2, 0, 0)))
        lift, yaw = math.radians(rng.uniform(-3, 3)), math.radians(offset * rng.uniform(8, 11))
        pitch = math.radians(-24 if back else 0) + lift
        one.rotation_euler = (math.radians(offset * 5), pitch, yaw)
        one.location = (-0.004 * back, offset * 0.0155, 0.017 * back)
        one.parent = crown
        one["label"] = "banana"
        bananas.append(one)
    rest_on_ground(crown)
    return bananas


def _banana_body(rng: random.Random, ripeness: float, wild: float = 1.0) -> Any:
    """`wild` scales how far length, bend and girth stray: hands of bananas grow alike."""
    stray = lambda middle, spread: middle + wild * rng.uniform(-spread, spread)  # noqa: E731
    length, girth, bend = stray(0.185, 0.025), stray(0.0172, 0.002), stray(1.25, 0.4)
    along = np.linspace(0, 1, 90)
    # The neck is nearly straight; the bend gathers in the middle.
    angle = -bend * (np.clip((along - 0.12) / 0.88, 0, 1) ** 1.15) + bend * 0.12
    step = length / (len(along) - 1)
    path = np.zeros((90, 3))
    path[1:, 0], path[1:, 1] = np.cumsum(np.cos(angle))[:-1] * step, np.cumsum(np.sin(angle))[:-1] * step
    path[:, 2] = stray(0, 0.012) * along**2
    swell = np.interp(
        along,
        [0, 0.005, 0.03, 0.09, 0.15, 0.24, 0.38, 0.6, 0.78, 0.88, 0.94, 0.965, 0.995, 1],
        [0, 0.42, 0.36, 0.31, 0.42, 0.78, 0.97, 1.0, 0.93, 0.74, 0.45, 0.27, 0.22, 0],
    )
    radius = girth * _smoothed(swell)
    radius[0] = radius[-1] = 0
    azimuth = circle(45)
    ridges = 5 * azimuth + rng.uniform(0, 6)
    section = 1 + 0.045 * np.cos(ridges) + 0.012 * np.cos(2 * ridges)
    points, skin = tube(path, radius, section)
    points += lumps(rng, points, 0.05)[..., None] * 0.0006
    return closed_object("banana", points, skin, banana_skin(rng, ripeness))


def _smoothed(values: Array) -> Array:
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    return np.convolve(np.pad(values, 2, mode="edge"), kernel, mode="valid")


def _crown(rng: random.Random, n: int) -> Any:
    polar = np.linspace(0, math.pi, 20)
    points, skin = lathe(0.009 * np.sin(polar) ** 0.6, 0.008 * np.cos(polar), around=24)
    points[..., 1] *= 0.9 + 0.5 * min(n, 4)
    points[..., 0] -= 0.004
    points += lumps(rng, points, 0.012)[..., None] * 0.0014
    ripe = banana_skin(rng, 0.3)
    crown = closed_object("crown", points, skin, ripe)
    crown["label"] = None
    return crown


def _dent(ring: Array, depth: float, width: float, where: Array) -> Array:
    """How far each ring sinks towards the middle of the fruit, around a pole."""
    return depth * np.exp(-((ring / width) ** 2)) * where


def _attach(part: Any, body: Any, height: float) -> None:
    part.location = (0, 0, height)
    part.parent = body


def _add_leaves(rng: random.Random, body: Any, height: float) -> None:
    for _ in range(rng.choice((1, 1, 2))):
        blade = leaf(rng, rng.uniform(0.035, 0.07))
        blade.rotation_euler = (rng.uniform(-0.4, 0.4), rng.uniform(-0.6, 0.1), rng.uniform(0, 6.28))
        _attach(blade, body, height + 0.004)


def _turn(body: Any, turn: Euler) -> None:
    """Turn the mesh and its parts, leaving the object's own rotation at zero."""
    matrix = turn.to_matrix().to_4x4()
    body.data.transform(matrix)
    for part in body.children:
        part.matrix_local = matrix @ part.matrix_local


def _finished(body: Any, label: str) -> Any:
    body["label"] = label
    body.location = Vector((0, 0, 0))
    rest_on_ground(body)
    return body
