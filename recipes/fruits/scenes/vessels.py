"""Vessels for fruit: bowls, plates, boards, a basket and a crate, each standing on z = 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from recipes.fruits.scenes import shapes, woods
from recipes.fruits.scenes.shading import Color, Graph, glass, paint

GLAZES: tuple[Color, ...] = (
    (0.72, 0.71, 0.68), (0.05, 0.13, 0.26), (0.30, 0.36, 0.30), (0.55, 0.42, 0.28),
    (0.09, 0.10, 0.11), (0.50, 0.20, 0.13),
)  # fmt: skip


@dataclass(frozen=True)
class Vessel:
    """A container: fruit falls from `rim_m`, within half axes `room_m` of its center."""

    root: Any
    rim_m: float
    room_m: tuple[float, float]
    deep: bool = True
    # A coarse profile for collisions, where the visible mesh is too fine.
    collision: tuple[tuple[float, float], ...] = ()


def _glaze(rng: Random) -> Any:
    graph = Graph("glaze")
    color = rng.choice(GLAZES)
    speck = graph.noise(graph.position, rng.uniform(60, 160), 3.0)
    dark: Color = (color[0] * 0.72, color[1] * 0.72, color[2] * 0.72)
    shade = graph.ramp(speck, [(0.3, dark), (0.44, color), (0.8, color)])
    return graph.finish(shade, rng.uniform(0.1, 0.35))


def _dish(rng: Random, radius: float, height: float, material: Any) -> Vessel:
    """A footed bowl with a rounded wall."""
    wall, foot = rng.uniform(0.004, 0.007), radius * 0.45
    curve = rng.uniform(1.6, 2.6)

    def profile(steps: int) -> list[tuple[float, float]]:
        outer = [(foot, 0.0), (foot, 0.006)]
        inner = []
        for step in range(steps + 1):
            out = step / steps
            across = foot + (radius - foot) * out
            outer.append((across, 0.006 + (height - 0.006) * out**curve))
            inner.append((across - wall, 0.012 + (height - 0.012) * out**curve))
        return [(0.0, 0.003), *outer, *reversed(inner), (0.0, 0.012)]

    root = shapes.lathe("dish", profile(14), material)
    return Vessel(root, height * 0.7, (radius, radius), collision=tuple(profile(6)))


def bowl(rng: Random) -> Vessel:
    return _dish(rng, rng.uniform(0.135, 0.155), rng.uniform(0.075, 0.095), _glaze(rng))


def wooden_bowl(rng: Random) -> Vessel:
    return _dish(rng, rng.uniform(0.14, 0.165), rng.uniform(0.07, 0.09), woods.cherry(rng))


def glass_bowl(rng: Random) -> Vessel:
    return _dish(rng, rng.uniform(0.135, 0.15), 0.085, glass("bowl glass"))


def plate(rng: Random) -> Vessel:
    radius = rng.uniform(0.12, 0.14)
    profile = [
        (0.0, 0.002), (radius * 0.55, 0.0), (radius * 0.62, 0.004), (radius, 0.018),
        (radius + 0.001, 0.0205), (radius, 0.022), (radius * 0.68, 0.009),
        (radius * 0.6, 0.007), (0.0, 0.007),
    ]  # fmt: skip
    return Vessel(
        shapes.lathe("plate", profile, _glaze(rng)),
        0.024,
        (radius * 0.85, radius * 0.85),
        deep=False,
    )


def board(rng: Random) -> Vessel:
    long, wide, thick = rng.uniform(0.34, 0.42), rng.uniform(0.22, 0.27), rng.uniform(0.016, 0.028)
    wood = rng.choice([woods.oak, woods.pine, woods.walnut])(rng)
    root = shapes.box("board", (long, wide, thick), (0, 0, thick / 2), wood, 0.004)
    return Vessel(root, thick + 0.002, (long * 0.46, wide * 0.46), deep=False)


def tray(rng: Random) -> Vessel:
    metal = paint("tray metal", rng.choice([(0.3, 0.3, 0.3), (0.1, 0.18, 0.16)]), 0.4, metallic=0.7)
    radius = rng.uniform(0.16, 0.19)
    profile = [
        (0.0, 0.0), (radius, 0.0), (radius + 0.012, 0.022), (radius + 0.009, 0.023),
        (radius - 0.002, 0.003), (0.0, 0.003),
    ]  # fmt: skip
    return Vessel(shapes.lathe("tray", profile, metal), 0.025, (radius, radius), deep=False)


def basket(rng: Random) -> Vessel:
    """A wicker basket: rods woven in and out of upright stakes, row by row."""
    radius, height, stakes = rng.uniform(0.14, 0.16), rng.uniform(0.08, 0.1), 26
    rod = 0.0042
    osier = paint("osier", rng.choice([(0.30, 0.17, 0.07), (0.42, 0.28, 0.14)]), 0.6)
    parts = []
    courses = int(height / (rod * 1.75))
    for course in range(courses):
        up = course / courses
        path = []
        for step in range(stakes * 4):
            turn = math.tau * step / (stakes * 4)
            sway = math.sin(turn * stakes / 2 + math.pi * (course % 2)) * rod * 0.9
            out = radius * (0.82 + 0.18 * up) + sway
            path.append((out * math.cos(turn), out * math.sin(turn), rod + up * height))
        parts.append(shapes.tube("course", path, rod, osier, closed=True))
    for stake in range(stakes):
        turn = math.tau * stake / stakes
        path = [
            (radius * k * math.cos(turn), radius * k * math.sin(turn), h)
            for k, h in ((0.82, 0.0), (0.91, height * 0.5), (1.0, height + 0.006))
        ]
        parts.append(shapes.tube("stake", path, rod * 0.8, osier))
    parts.append(shapes.lathe("rim", _ring(radius, height + 0.006, 0.007), osier))
    floor = [(0.0, 0.006), (radius * 0.82, 0.006), (radius * 0.82, 0.002), (0.0, 0.002)]
    parts.append(shapes.lathe("basket floor", floor, osier))
    wall = ((radius * 0.95, height), (radius * 1.05, height), (radius, 0.0))
    room = (radius * 0.85, radius * 0.85)
    return Vessel(shapes.group("basket", parts), 0.06, room, collision=(*floor[:2], *wall))


def _ring(radius: float, height: float, thick: float) -> list[tuple[float, float]]:
    turns = [math.tau * step / 10 for step in range(11)]
    return [(radius + thick * math.cos(t), height + thick * math.sin(t)) for t in turns]


def crate(rng: Random) -> Vessel:
    """A market crate of thin slats, open above."""
    wood = woods.pine(rng)
    long, wide, high, thick = 0.46, 0.32, 0.13, 0.008
    parts = []
    for slat in range(5):
        y = (slat - 2) * wide / 5
        parts.append(shapes.box("slat", (long, wide / 5.6, thick), (0, y, thick / 2), wood, 0.001))
    for level in (0.036, 0.096):
        for side in (-1, 1):
            tall = 0.05
            parts.append(
                shapes.box("side", (long, thick, tall), (0, side * wide / 2, level), wood, 0.001)
            )
            end = (thick, wide, tall)
            parts.append(shapes.box("end", end, (side * long / 2, 0, level), wood, 0.001))
    for x in (-1, 1):
        for y in (-1, 1):
            place = (x * (long / 2 - 0.013), y * (wide / 2 - 0.013), high / 2)
            parts.append(shapes.box("post", (0.02, 0.02, high), place, wood, 0.001))
    return Vessel(shapes.group("crate", parts), 0.01, (0.235, 0.165))


VESSELS: dict[str, Callable[[Random], Vessel]] = {
    "bowl": bowl, "wooden_bowl": wooden_bowl, "glass_bowl": glass_bowl, "plate": plate,
    "board": board, "tray": tray, "basket": basket, "crate": crate,
}  # fmt: skip
