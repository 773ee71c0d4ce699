"""Wood materials: bare, worn or painted boards."""

from __future__ import annotations

from random import Random
from typing import Any

from recipes.fruits.scenes.shading import Color, Graph, shade


def _wood(rng: Random, dark: Color, light: Color, board_m: float, gloss: float) -> Any:
    """Boards along x, each with its own tone, figure and fine pores."""
    g = Graph("wood")
    offset = (rng.uniform(0, 9), rng.uniform(0, 9), 0)
    boards = g.node(
        "ShaderNodeTexBrick",
        {"offset": rng.uniform(0.2, 0.6)},
        vector=g.stretch((1, 1, 1), (offset[0] / 9, offset[1] / 9, 0)),
        scale=1.0,
        mortar_size=0.0012,
        mortar_smooth=0.3,
        brick_width=rng.uniform(0.9, 1.6),
        row_height=board_m,
        color1=(0.1, 0.1, 0.1),
        color2=(0.9, 0.9, 0.9),
        mortar=(0.0, 0.0, 0.0),
    )
    shift = g.node("ShaderNodeVectorMath", {"operation": "MULTIPLY_ADD"})
    g.put(shift.inputs[0], boards.outputs[0])
    g.put(shift.inputs[1], (7.0, 7.0, 7.0))
    g.put(shift.inputs[2], g.stretch((1.6, 17, 1), offset))
    figure = g.noise(shift.outputs[0], 1.0, 7.0, rng.uniform(0.6, 1.6))
    pores = g.noise(g.stretch((14, 420, 1), offset), 1.0, 3.0)
    grain = g.sum(figure, pores, 0.3)
    middle: Color = tuple((a + b) / 2 for a, b in zip(dark, light, strict=True))  # type: ignore
    color = g.ramp(grain, [(0.42, dark), (0.62, middle), (0.86, light)])
    tone = g.remap(boards.outputs[0], 0.0, 0.9, 0.72, 1.1)
    color = g.node("ShaderNodeHueSaturation", color=color, value=tone).outputs[0]
    gap = g.remap(boards.outputs["Factor"], 0.0, 1.0, 1.0, 0.25)
    color = g.mix(1.0, color, gap, "MULTIPLY")
    normal = g.bump(grain, 0.25, 0.0015)
    normal = g.bump(gap, 0.5, 0.002, normal)
    return g.finish(color, g.remap(pores, 0.3, 0.7, gloss - 0.08, gloss + 0.14), normal, 0.4)


def oak(rng: Random) -> Any:
    return _wood(rng, (0.22, 0.115, 0.047), (0.46, 0.28, 0.14), 0.14, 0.42)


def walnut(rng: Random) -> Any:
    return _wood(rng, (0.045, 0.02, 0.009), (0.17, 0.085, 0.04), 0.11, 0.36)


def pine(rng: Random) -> Any:
    return _wood(rng, (0.42, 0.24, 0.10), (0.66, 0.45, 0.24), 0.12, 0.5)


def cherry(rng: Random) -> Any:
    return _wood(rng, (0.16, 0.045, 0.018), (0.33, 0.12, 0.05), 0.6, 0.24)


def weathered(rng: Random) -> Any:
    return _wood(rng, (0.12, 0.11, 0.10), (0.36, 0.33, 0.29), 0.13, 0.72)


def painted_boards(rng: Random) -> Any:
    """Old paint worn off the grain and the edges."""
    g = Graph("painted boards")
    paint = rng.choice([(0.66, 0.67, 0.63), (0.16, 0.31, 0.36), (0.33, 0.42, 0.30)])
    offset = (rng.uniform(0, 5), rng.uniform(0, 5), 0)
    boards = g.node(
        "ShaderNodeTexBrick", vector=g.position, scale=1.0, mortar_size=0.002,
        brick_width=2.5, row_height=rng.uniform(0.09, 0.15),
        color1=(1.0, 1.0, 1.0), color2=(0.8, 0.8, 0.8), mortar=(0.05, 0.05, 0.05),
    )  # fmt: skip
    fibres = g.noise(g.stretch((5, 130, 1), offset), 1.0, 5.0)
    patches = g.noise(g.stretch((5, 16, 1), offset), 1.0, 8.0, 0.8)
    wear = g.remap(g.sum(patches, fibres, 0.35), 0.78, 0.84, 0.0, 0.85)
    bare = g.ramp(fibres, [(0.3, (0.14, 0.09, 0.055)), (0.7, (0.33, 0.23, 0.15))])
    coat = g.ramp(patches, [(0.3, shade(paint, 0.85)), (0.7, paint)])
    color = g.mix(1.0, g.mix(wear, coat, bare), boards.outputs[0], "MULTIPLY")
    normal = g.bump(fibres, 0.2, 0.001)
    normal = g.bump(boards.outputs["Factor"], -0.6, 0.003, normal)
    return g.finish(color, g.remap(wear, 0, 1, 0.45, 0.75), normal, 0.4)
