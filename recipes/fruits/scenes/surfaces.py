"""Surface materials for table tops, cloths, ground and walls."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from recipes.fruits.scenes.cloths import checked, linen, striped
from recipes.fruits.scenes.shading import Color, Graph, shade
from recipes.fruits.scenes.woods import cherry, oak, painted_boards, pine, walnut, weathered

WALLS: tuple[Color, ...] = (
    (0.62, 0.58, 0.50), (0.42, 0.49, 0.47), (0.55, 0.55, 0.55), (0.60, 0.47, 0.36),
    (0.22, 0.29, 0.33), (0.66, 0.63, 0.45),
)  # fmt: skip


def marble(rng: Random) -> Any:
    g = Graph("marble")
    offset = (rng.uniform(0, 9), rng.uniform(0, 9), 0)
    coordinates = g.stretch((1, 1, 1), offset)
    cloud = g.noise(coordinates, 3.5, 6.0, 1.2)
    vein = g.noise(coordinates, 2.2, 9.0, 2.6)
    line = g.ramp(vein, [(0.46, (0, 0, 0)), (0.5, (1, 1, 1)), (0.54, (0, 0, 0))])
    stone = g.ramp(cloud, [(0.3, (0.60, 0.60, 0.59)), (0.65, (0.78, 0.77, 0.75))])
    color = g.mix(g.remap(line, 0, 1, 0, 0.75), stone, (0.27, 0.27, 0.28))
    return g.finish(color, g.remap(cloud, 0.3, 0.7, 0.12, 0.22), None, 0.5)


def granite(rng: Random) -> Any:
    g = Graph("granite")
    base = rng.choice([(0.09, 0.085, 0.08), (0.30, 0.27, 0.24)])
    cells = g.node("ShaderNodeTexVoronoi", vector=g.position, scale=240.0)
    fine = g.noise(g.position, 160.0, 5.0)
    gray = g.ramp(
        g.sum(g.remap(cells.outputs["Color"], 0, 1, 0, 0.6), fine, 0.5),
        [(0.3, shade(base, 0.4)), (0.55, base), (0.85, (0.42, 0.4, 0.37))],
    )
    return g.finish(gray, 0.16)


def terrazzo(_rng: Random) -> Any:
    g = Graph("terrazzo")
    wobble = g.noise(g.position, 60.0, 2.0)
    cells = g.node("ShaderNodeTexVoronoi", vector=g.position, scale=75.0)
    shade = g.ramp(
        cells.outputs["Color"],
        [(0.2, (0.62, 0.6, 0.56)), (0.5, (0.44, 0.36, 0.3)), (0.8, (0.2, 0.23, 0.25))],
    )
    chip = g.remap(g.sum(cells.outputs["Distance"], wobble, 0.35), 0.5, 0.53, 1, 0)
    return g.finish(g.mix(chip, (0.68, 0.66, 0.62), shade), 0.25)


def slate(rng: Random) -> Any:
    """Cleft stone: fine grain over shallow steps in one direction."""
    g = Graph("slate")
    offset = (rng.uniform(0, 9), rng.uniform(0, 9), 0)
    grain = g.noise(g.stretch((1, 1, 1), offset), 120.0, 6.0)
    steps = g.noise(g.stretch((3, 9, 1), offset), 2.0, 6.0)
    color = g.ramp(
        g.sum(steps, grain, 0.5), [(0.5, (0.028, 0.031, 0.035)), (1.0, (0.07, 0.075, 0.08))]
    )
    normal = g.bump(grain, 0.35, 0.0012, g.bump(steps, 0.3, 0.006))
    return g.finish(color, g.remap(grain, 0.3, 0.7, 0.5, 0.72), normal, 0.4)


def concrete(rng: Random) -> Any:
    g = Graph("concrete")
    coordinates = g.stretch((1, 1, 1), (rng.uniform(0, 9), rng.uniform(0, 9), 0))
    stain = g.noise(coordinates, 4.0, 8.0, 0.5)
    sand = g.noise(coordinates, 220.0, 3.0)
    color = g.ramp(
        g.sum(stain, sand, 0.22), [(0.4, (0.2, 0.195, 0.185)), (0.8, (0.42, 0.41, 0.39))]
    )
    return g.finish(color, 0.72, g.bump(sand, 0.25, 0.001), 0.3)


def tiles(rng: Random) -> Any:
    g = Graph("tiles")
    tile_color = rng.choice(
        [(0.66, 0.65, 0.6), (0.10, 0.27, 0.30), (0.47, 0.23, 0.14), (0.2, 0.28, 0.42)]
    )
    size = rng.choice([0.1, 0.15])
    grid = g.node(
        "ShaderNodeTexBrick", {"offset": 0.0}, vector=g.position, scale=1.0,
        mortar_size=0.002, brick_width=size, row_height=size, color1=tile_color,
        color2=shade(tile_color, 0.8), mortar=(0.33, 0.31, 0.28),
    )  # fmt: skip
    uneven = g.noise(g.position, 22.0, 3.0)
    color = g.mix(0.35, grid.outputs[0], g.mix(1.0, grid.outputs[0], uneven, "MULTIPLY"))
    normal = g.bump(grid.outputs["Factor"], -0.8, 0.003, g.bump(uneven, 0.12, 0.004))
    return g.finish(color, g.remap(grid.outputs["Factor"], 0, 1, 0.15, 0.8), normal)


def laminate(rng: Random) -> Any:
    g = Graph("laminate")
    tone = rng.choice([(0.6, 0.6, 0.58), (0.5, 0.47, 0.42), (0.13, 0.14, 0.15), (0.3, 0.4, 0.4)])
    speck = g.noise(g.position, 240.0, 4.0)
    smudge = g.noise(g.position, 6.0, 5.0)
    color = g.ramp(speck, [(0.35, shade(tone, 0.82)), (0.65, tone)])
    return g.finish(color, g.remap(smudge, 0.3, 0.7, 0.26, 0.42))


def steel(_rng: Random) -> Any:
    """Brushed steel, as in a sink or a canteen."""
    g = Graph("steel")
    brush = g.noise(g.stretch((4, 900, 1)), 1.0, 3.0)
    g.surface.inputs["Metallic"].default_value = 1.0
    return g.finish(
        (0.5, 0.5, 0.49), g.remap(brush, 0.2, 0.8, 0.28, 0.46), g.bump(brush, 0.1, 0.0005)
    )


def soil(rng: Random) -> Any:
    """Trodden ground, dry or under grass."""
    g = Graph("soil")
    coordinates = g.stretch((1, 1, 1), (rng.uniform(0, 9), rng.uniform(0, 9), 0))
    clod = g.noise(coordinates, 30.0, 9.0, 0.4)
    moss = g.noise(coordinates, 3.0, 6.0)
    earth = g.ramp(clod, [(0.3, (0.05, 0.033, 0.02)), (0.7, (0.17, 0.12, 0.075))])
    green = g.ramp(clod, [(0.3, (0.03, 0.055, 0.012)), (0.7, (0.10, 0.15, 0.035))])
    color = g.mix(g.remap(moss, 0.4, 0.55, 0, 0.9), earth, green)
    return g.finish(color, 0.95, g.bump(clod, 0.9, 0.012), 0.15)


def plaster(rng: Random) -> Any:
    graph = Graph("plaster")
    color = rng.choice(WALLS)
    rough = graph.noise(graph.position, 45.0, 6.0)
    stain = graph.noise(graph.position, 1.5, 3.0)
    dark: Color = (color[0] * 0.82, color[1] * 0.82, color[2] * 0.82)
    return graph.finish(
        graph.ramp(stain, [(0.3, dark), (0.7, color)]), 0.85, graph.bump(rough, 0.15, 0.002)
    )


SURFACES: dict[str, Callable[[Random], Any]] = {
    "oak": oak, "walnut": walnut, "pine": pine, "cherry": cherry, "weathered": weathered,
    "painted_boards": painted_boards, "marble": marble, "granite": granite,
    "terrazzo": terrazzo, "slate": slate, "concrete": concrete, "tiles": tiles,
    "linen": linen, "checked": checked, "striped": striped, "laminate": laminate,
    "steel": steel, "soil": soil,
}  # fmt: skip
