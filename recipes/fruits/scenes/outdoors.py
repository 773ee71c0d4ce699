"""Outdoor surroundings: a market, a garden, an orchard's grass."""

from __future__ import annotations

import math
from random import Random

from recipes.fruits.scenes import shapes, surfaces
from recipes.fruits.scenes.shading import Graph, paint

FLOOR_Z = -0.74


def market(rng: Random) -> None:
    """An outdoor stall: canvas, boxes and posts in the distance."""
    shapes.box("street", (14, 14, 0.02), (0, 0, FLOOR_Z), surfaces.concrete(rng))
    canvas = paint(
        "canvas", rng.choice([(0.5, 0.48, 0.42), (0.1, 0.22, 0.16), (0.36, 0.08, 0.07)]), 0.9
    )
    shapes.box("house", (14, 0.1, 6), (0, 4.4, 2), surfaces.plaster(rng))
    for x in (-1.6, 0.1, 1.8):
        shapes.box("awning", (1.5, 1.0, 0.03), (x, 3.2, 1.15), canvas)
        for side in (-0.7, 0.7):
            shapes.box(
                "pole",
                (0.04, 0.04, 2),
                (x + side, 2.8, FLOOR_Z + 1),
                paint("pole", (0.3, 0.3, 0.3)),
            )
        for _ in range(5):
            color = rng.choice(
                [(0.3, 0.2, 0.1), (0.08, 0.2, 0.07), (0.1, 0.15, 0.3), (0.5, 0.47, 0.4)]
            )
            place = (
                x + rng.uniform(-0.6, 0.6),
                rng.uniform(2.6, 3.2),
                FLOOR_Z + rng.uniform(0.2, 0.9),
            )
            shapes.box("stock", (0.35, 0.3, 0.22), place, paint("stock", color), 0.01)


def garden(rng: Random) -> None:
    """Hedge and sky beyond an outdoor table or the bare ground."""
    shapes.box("lawn", (16, 16, 0.02), (0, 0, FLOOR_Z - 0.01), surfaces.soil(rng))
    _hedge(rng, 2.6, FLOOR_Z)


def orchard(rng: Random) -> None:
    """Grass around the origin, at the height of the table top, and a shady hedge beyond."""
    _grass(rng)
    _hedge(rng, 3.2, 0.0)


def _hedge(rng: Random, y: float, foot: float) -> None:
    graph = Graph("hedge")
    green = graph.ramp(
        graph.noise(graph.position, 9.0, 4.0),
        [(0.35, (0.012, 0.03, 0.006)), (0.7, (0.10, 0.19, 0.035))],
    )
    foliage = graph.finish(green, 0.5)
    for _ in range(420):
        clump = shapes.leaf("clump", rng.uniform(0.15, 0.3), rng.uniform(0.08, 0.15), 0.5, foliage)
        clump.location = (
            rng.uniform(-2.6, 2.6),
            y + rng.uniform(-0.3, 0.3),
            foot + rng.uniform(0, 1.5),
        )
        clump.rotation_euler = (
            rng.uniform(-0.6, 0.6),
            rng.uniform(-0.4, 0.9),
            rng.uniform(3.2, 6.2),
        )
    shapes.box(
        "dark", (9, 0.05, 1.9), (0, y + 0.3, foot + 0.75), paint("shade", (0.02, 0.035, 0.012), 0.9)
    )


def _grass(rng: Random) -> None:
    """Short, worn turf as one mesh, two faces for each blade."""
    graph = Graph("grass")
    tone = graph.noise(graph.position, 5.0, 6.0)
    graph.surface.inputs["Subsurface Weight"].default_value = 0.1
    blade_skin = graph.finish(
        graph.ramp(
            tone, [(0.3, (0.07, 0.13, 0.02)), (0.55, (0.13, 0.2, 0.04)), (0.75, (0.3, 0.26, 0.1))]
        ),
        0.5,
    )
    vertices: list[shapes.Point] = []
    faces: list[list[int]] = []
    for _ in range(26000):
        x, y = rng.uniform(-0.9, 0.9), rng.uniform(-0.7, 1.3)
        turn, lean = rng.uniform(0, math.tau), rng.uniform(0.002, 0.02)
        height, half = rng.uniform(0.008, 0.03), rng.uniform(0.0007, 0.0015)
        dx, dy = math.cos(turn), math.sin(turn)
        at = len(vertices)
        for up, out, wide in ((0.0, 0.0, 1.0), (0.6, 0.35, 0.8)):
            for side in (-1, 1):
                across = side * half * wide
                vertices.append(
                    (
                        x + dx * lean * out - dy * across,
                        y + dy * lean * out + dx * across,
                        height * up,
                    )
                )
        vertices.append((x + dx * lean, y + dy * lean, height))
        faces += [[at, at + 1, at + 3, at + 2], [at + 2, at + 3, at + 4]]
    shapes.from_mesh("grass", vertices, faces, blade_skin)
