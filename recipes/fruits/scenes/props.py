"""Kitchen props that cannot be mistaken for fruit."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

from recipes.fruits.scenes import shapes
from recipes.fruits.scenes.shading import Color, Graph, paint
from recipes.fruits.scenes.tableware import knife, mug, spoon, tumbler

COVERS: tuple[Color, ...] = (
    (0.05, 0.10, 0.22), (0.25, 0.04, 0.05), (0.08, 0.20, 0.14), (0.60, 0.57, 0.50),
    (0.30, 0.22, 0.12), (0.10, 0.10, 0.11), (0.42, 0.46, 0.50),
)  # fmt: skip


def bottle(rng: Random) -> Any:
    radius, height = rng.uniform(0.033, 0.038), rng.uniform(0.26, 0.31)
    neck = 0.013
    profile = [
        (0.0, 0.0), (radius, 0.0), (radius, height * 0.58), (radius * 0.85, height * 0.66),
        (neck, height * 0.78), (neck, height), (0.0, height),
    ]  # fmt: skip
    color = rng.choice([(0.03, 0.075, 0.02), (0.06, 0.028, 0.01), (0.015, 0.03, 0.05)])
    body = shapes.lathe("bottle", profile, paint("bottle", color, 0.08))
    label = shapes.lathe(
        "label", [(radius + 0.0004, height * 0.16), (radius + 0.0004, height * 0.46)],
        paint("label", (0.62, 0.59, 0.5), 0.7),
    )  # fmt: skip
    return shapes.group("bottle", [body, label])


def jar(rng: Random) -> Any:
    radius, height = rng.uniform(0.04, 0.05), rng.uniform(0.11, 0.16)
    content = rng.choice(
        [(0.5, 0.42, 0.3), (0.16, 0.09, 0.05), (0.6, 0.56, 0.46), (0.22, 0.26, 0.12)]
    )
    profile = [
        (0.0, 0.0),
        (radius, 0.002),
        (radius, height * 0.82),
        (radius * 0.85, height * 0.88),
        (0.0, height * 0.88),
    ]
    body = shapes.lathe("jar", profile, paint("jar content", content, 0.25))
    lid_profile = [
        (0.0, height),
        (radius * 0.88, height),
        (radius * 0.88, height * 0.86),
        (0.0, height * 0.86),
    ]
    lid = shapes.lathe("lid", lid_profile, paint("lid", (0.3, 0.27, 0.22), 0.3, metallic=0.9))
    return shapes.group("jar", [body, lid])


def books(rng: Random) -> Any:
    parts = []
    height = 0.0
    for _ in range(rng.randint(1, 3)):
        long, wide, thick = (
            rng.uniform(0.19, 0.25),
            rng.uniform(0.13, 0.17),
            rng.uniform(0.014, 0.035),
        )
        cover = paint("cover", rng.choice(COVERS), 0.5)
        turn = rng.uniform(-0.15, 0.15)
        pages = paint("pages", (0.66, 0.62, 0.53), 0.85)
        for size, z, material in (
            ((long, wide, 0.003), height + 0.0015, cover),
            ((long - 0.006, wide - 0.006, thick - 0.006), height + thick / 2, pages),
            ((long, wide, 0.003), height + thick - 0.0015, cover),
        ):  # fmt: skip
            part = shapes.box("book", size, (0, 0, z), material, 0.0008)
            part.rotation_euler.z = turn
            parts.append(part)
        height += thick
    return shapes.group("books", parts)


def plant(rng: Random) -> Any:
    """A potted herb: a clay pot and arching leaves."""
    radius, height = rng.uniform(0.05, 0.065), rng.uniform(0.09, 0.11)
    clay = paint(
        "clay", rng.choice([(0.36, 0.14, 0.07), (0.6, 0.58, 0.54), (0.12, 0.13, 0.13)]), 0.8
    )
    profile = [
        (0.0, 0.0), (radius * 0.72, 0.0), (radius, height * 0.82), (radius * 1.08, height * 0.82),
        (radius * 1.08, height), (radius * 0.95, height), (radius * 0.92, height * 0.9),
        (0.0, height * 0.9),
    ]  # fmt: skip
    graph = Graph("foliage")
    tone = graph.noise(graph.position, 14.0, 4.0)
    graph.surface.inputs["Subsurface Weight"].default_value = 0.1
    green = rng.choice([(0.05, 0.16, 0.03), (0.09, 0.2, 0.07), (0.035, 0.10, 0.03)])
    foliage = graph.finish(
        graph.ramp(tone, [(0.3, (green[0] * 0.5, green[1] * 0.6, green[2] * 0.6)), (0.75, green)]),
        0.4,
    )
    parts = [shapes.lathe("pot", profile, clay)]
    for _ in range(rng.randint(26, 40)):
        blade = shapes.leaf("leaf", rng.uniform(0.07, 0.17), rng.uniform(0.02, 0.045),
                           rng.uniform(0.2, 0.9), foliage)  # fmt: skip
        blade.location = (
            rng.gauss(0, 0.012),
            rng.gauss(0, 0.012),
            height + rng.uniform(-0.01, 0.07),
        )
        blade.rotation_euler = (
            rng.gauss(0, 0.2),
            -rng.uniform(0.1, 1.25),
            rng.uniform(0, math.tau),
        )
        parts.append(blade)
    return shapes.group("plant", parts)


def napkin(rng: Random) -> Any:
    """A folded cloth lying in soft waves."""
    graph = Graph("napkin")
    dye = rng.choice([(0.6, 0.58, 0.52), (0.12, 0.2, 0.28), (0.4, 0.13, 0.12), (0.45, 0.43, 0.3)])
    weave = graph.noise(graph.position, 700.0, 2.0)
    cloth = graph.finish(dye, 0.95, graph.bump(weave, 0.3, 0.0006), 0.15)
    side, steps = rng.uniform(0.16, 0.22), 26
    phase, tilt = rng.uniform(0, 6), rng.uniform(0.5, 2.0)
    vertices: list[shapes.Point] = []
    for row in range(steps):
        for column in range(steps):
            x, y = (column / (steps - 1) - 0.5) * side, (row / (steps - 1) - 0.5) * side * 0.8
            wave = math.sin(x * 38 + tilt * y * 20 + phase) * math.sin(y * 27 + phase * 2)
            vertices.append((x + wave * 0.003, y, 0.004 + 0.0035 * (wave + 1)))
    faces = [
        [r * steps + c, r * steps + c + 1, (r + 1) * steps + c + 1, (r + 1) * steps + c]
        for r in range(steps - 1)
        for c in range(steps - 1)
    ]
    created = shapes.from_mesh("napkin", vertices, faces, cloth)
    created.data.shade_smooth()
    thick = created.modifiers.new("thick", "SOLIDIFY")
    thick.thickness = 0.003
    return created


def kettle(rng: Random) -> Any:
    radius = 0.085
    enamel = paint(
        "enamel", rng.choice([(0.62, 0.6, 0.55), (0.04, 0.12, 0.16), (0.16, 0.03, 0.03)]), 0.12
    )
    profile = [(0.0, 0.0), (radius, 0.0), (radius * 1.05, 0.03), (radius * 0.9, 0.09),
               (radius * 0.5, 0.125), (0.012, 0.13), (0.012, 0.145), (0.0, 0.148)]  # fmt: skip
    black = paint("handle", (0.02, 0.02, 0.02), 0.35)
    arc = [
        (0.075 * math.cos(math.pi * s / 16), 0.0, 0.11 + 0.09 * math.sin(math.pi * s / 16))
        for s in range(17)
    ]
    spout = [(0.07, 0, 0.06), (0.11, 0, 0.09), (0.13, 0, 0.125)]
    return shapes.group("kettle", [shapes.lathe("kettle", profile, enamel),
                                   shapes.tube("arc", arc, 0.007, black),
                                   shapes.tube("spout", spout, 0.014, enamel)])  # fmt: skip


PROPS: dict[str, Callable[[Random], Any]] = {
    "mug": mug, "tumbler": tumbler, "bottle": bottle, "jar": jar, "books": books,
    "knife": knife, "spoon": spoon, "plant": plant, "napkin": napkin, "kettle": kettle,
}  # fmt: skip

FLAT_PROPS = frozenset({"napkin", "knife", "spoon"})
