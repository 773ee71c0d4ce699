"""Whole scenes: one package on white, 2 to 8 on a shelf, one on a table at home."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import bpy
import numpy as np

from recipes.fruits.scenes.lights import LIGHTS
from recipes.fruits.scenes.rooms import ROOMS, table
from recipes.fruits.scenes.surfaces import SURFACES
from recipes.octagons.blender import camera, shelf, studio
from recipes.octagons.blender.goods import Package, extent, package
from recipes.octagons.designs import Design

_HEIGHT = 0.25
"""Meters of an upright package; others are higher or lower in proportion."""
_LOWER = {"tin": 0.62, "tub": 0.6, "jar": 0.72, "bar": 0.36}


def build(
    kind: str, design: Design, neighbours: Sequence[Design], random: np.random.Generator
) -> list[Package]:
    """Replaces Blender's scene; returns the packages in it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return {"white": _on_white, "shelf": _on_shelf, "table": _at_home}[kind](
        design, neighbours, random
    )


def _turn(form: str, random: np.random.Generator) -> float:
    """Boxes show a side, round ones where their label is, pouches their front."""
    if form in ("box", "carton"):
        return float(math.radians(random.uniform(8, 34) * random.choice([-1, 1])))
    return float(math.radians(random.uniform(-24, 24)))


def _on_white(design: Design, _: Sequence[Design], random: np.random.Generator) -> list[Package]:
    one = package(design, _HEIGHT, random)
    if random.random() < 0.8:
        one.thing.rotation_euler.z = _turn(design.form, random)
    lying = design.form in ("bar", "bag") and random.random() < (
        0.6 if design.form == "bar" else 0.2
    )
    above = random.uniform(0.03, 0.28)
    if lying:  # photographed from above
        one.thing.rotation_euler = (-math.pi / 2, 0, float(random.normal(0, 0.12)))
        one.thing.location.z = one.size[1] / 2
        above = random.uniform(0.9, 1.45)
    studio.paper(random)
    studio.softboxes(random)
    camera.aim(
        extent([one]), around=float(random.normal(0, 0.06)), above=float(above),
        distance_m=float(random.uniform(0.7, 1.8)), fill=float(random.uniform(0.62, 0.92)),
        shift=(float(random.normal(0, 0.015)), float(random.normal(0, 0.015))),
        roll=float(random.normal(0, 0.012)),
    )  # fmt: skip
    return [one]


def _height(design: Design, random: np.random.Generator) -> float:
    return _HEIGHT * _LOWER.get(design.form, 1.0) * float(random.uniform(0.82, 1.0))


def _on_shelf(
    design: Design, neighbours: Sequence[Design], random: np.random.Generator
) -> list[Package]:
    """A row with the design in it, its like beside it now and then, one before it now and then."""
    others = [d for d in neighbours if d.form != "bar"]
    mine = package(design, _height(design, random), random)
    if design.form == "bar":  # stands in an open carton: what shows is the bar
        mine.thing.rotation_euler.x = -0.12
    before = others and random.random() < 0.35
    front = 0.14 if before else float(random.uniform(0.015, 0.06))
    row = [_stand(mine, design, 0.0, front, random)]
    edges = {-1: -row[0].size[0] / 2, 1: row[0].size[0] / 2}
    if random.random() < 0.3:
        side = int(random.choice([-1, 1]))
        like = package(design, mine.size[2], random)
        edges[side] = _beside(row, like, design, side, edges[side], front, random)
    while (
        len(row) < 8
        and others
        and max(-edges[-1], edges[1]) < 0.6
        and (len(row) < 2 or min(-edges[-1], edges[1]) < 0.34)
    ):
        side = -1 if -edges[-1] < edges[1] else 1
        other = others[int(random.integers(len(others)))]
        again = 1 if random.random() < 0.6 else 2
        for _ in range(again):
            piece = package(other, _height(other, random), random)
            edges[side] = _beside(row, piece, other, side, edges[side], front, random)
    if before:
        _before(row, others, random)
    tallest = max(one.size[2] for one in row)
    room = tallest + float(random.uniform(0.03, 0.12))
    shelf.shelf(room, random)
    shelf.ceiling(room, random)
    points = extent(row[:1])
    camera.aim(
        points, around=float(random.normal(0, 0.14)),
        above=float(random.uniform(-0.02, 0.24)), distance_m=float(random.uniform(0.75, 1.5)),
        fill=float(random.uniform(0.5, 0.86)),
        shift=(float(random.normal(0, 0.07)), float(random.normal(0, 0.035))),
        roll=float(random.normal(0, 0.02)),
    )  # fmt: skip
    return row


def _stand(
    one: Package, design: Design, x: float, front: float, random: np.random.Generator
) -> Package:
    """On the board at x, its foremost point at `front`."""
    turn = float(random.normal(0, 0.10 if design.form in ("box", "carton") else 0.14))
    one.thing.rotation_euler.z = turn
    deep = one.size[0] * abs(math.sin(turn)) + one.size[1] * math.cos(turn)
    if design.form not in ("box", "carton", "bag", "bar"):
        deep = one.size[1]
    one.thing.location = (x, front + deep / 2 + float(random.uniform(0, 0.015)), 0)
    return one


def _beside(
    row: list[Package], one: Package, design: Design, side: int, edge: float, front: float,
    random: np.random.Generator,
) -> float:  # fmt: skip
    """Adds the package at the row's end; returns the new end."""
    _stand(one, design, 0.0, front, random)
    points = extent([one])
    half = float(points[:, 0].max()), -float(points[:, 0].min())
    gap = float(random.uniform(0.001, 0.014))
    one.thing.location.x = edge + side * (gap + half[0 if side < 0 else 1])
    row.append(one)
    return edge + side * (gap + half[0] + half[1])


def _before(row: list[Package], others: Sequence[Design], random: np.random.Generator) -> None:
    """Something lower put down in front of the design, over part of it."""
    low = [d for d in others if d.form in ("tin", "tub", "jar", "bag")] or list(others)
    design = low[int(random.integers(len(low)))]
    one = package(design, _HEIGHT * float(random.uniform(0.3, 0.46)), random)
    side = float(random.choice([-1, 1]))
    place = side * (row[0].size[0] * random.uniform(0.3, 0.5) + one.size[0] * 0.35)
    one.thing.location = (float(place), one.size[1] / 2 + 0.005, 0)
    one.thing.rotation_euler.z = float(random.normal(0, 0.2))
    row.append(one)


def _at_home(design: Design, _: Sequence[Design], random: np.random.Generator) -> list[Package]:
    """On a table, in a room of the fruit's scenes."""
    chosen = Random(int(random.integers(2**31)))
    surface = chosen.choice(["oak", "walnut", "pine", "marble", "granite", "laminate", "linen"])
    table(SURFACES[surface](chosen))
    ROOMS[chosen.choice(["plain", "kitchen", "dining"])](chosen)
    light = chosen.choice(["window_left", "window_right", "overcast", "spots", "tube", "flash"])
    LIGHTS[light](chosen)
    one = package(design, _HEIGHT * float(random.uniform(0.8, 1.0)), random)
    one.thing.rotation_euler.z = _turn(design.form, random)
    if design.form in ("bar", "bag") and random.random() < 0.7:
        one.thing.rotation_euler = (-math.pi / 2, 0, float(random.normal(0, 0.3)))
        one.thing.location.z = one.size[1] / 2
        above = random.uniform(0.7, 1.2)
    else:
        above = random.uniform(0.12, 0.5)
    placed: Any = camera.aim(
        extent([one]), around=float(random.normal(0, 0.2)), above=float(above),
        distance_m=float(random.uniform(0.6, 1.1)), fill=float(random.uniform(0.5, 0.85)),
        shift=(float(random.normal(0, 0.05)), float(random.normal(-0.02, 0.04))),
        roll=float(random.normal(0, 0.03)),
    )  # fmt: skip
    middle = extent([one]).mean(0)
    placed.data.dof.use_dof = True
    placed.data.dof.focus_distance = (
        float(np.linalg.norm(np.array(placed.location) - middle)) - 0.05
    )
    placed.data.dof.aperture_fstop = float(random.uniform(5.6, 16))
    return [one]
