"""Banana skin material, from green to spotted."""

import random
from typing import Any

from recipes.fruits.scenes.nodegraph import NodeGraph
from recipes.fruits.scenes.skins import FLESH_GLOW, random_color_between


def banana_skin(rng: random.Random, ripeness: float) -> Any:
    """Ripeness 0 is green, 0.5 clear yellow, 1 brown with spots."""
    graph = NodeGraph("banana")
    position = graph.position(0.02, rng.uniform(0, 90))
    along, cosine, sine = graph.skin()
    lines = graph.combine(cosine, sine, graph.math("MULTIPLY", along, 0.8))
    streak = graph.noise(graph.wobble(lines, 3.0, 0.1), 7.0, 3.0)
    # Same phase as the five ridges of the mesh: zero on an edge, where the skin rubs brown.
    azimuth = graph.math("ARCTAN2", sine, cosine)
    ridge = graph.math("SINE", graph.math("MULTIPLY", azimuth, 2.5))
    yellow = random_color_between(rng, (0.80, 0.50, 0.015), (0.86, 0.62, 0.07))
    other = random_color_between(rng, (0.70, 0.42, 0.02), (0.82, 0.60, 0.09))
    green = random_color_between(rng, (0.22, 0.36, 0.03), (0.42, 0.48, 0.05))
    color = graph.mix(graph.smoothstep(streak, 0.35, 0.65), yellow, other)
    unripe = max(0.0, 1.0 - ripeness * 2.2)
    color = graph.mix(
        graph.smoothstep(graph.noise(position, 0.5), 0.35, 0.65, unripe, 0.8 * unripe), color, green
    )
    ends = graph.math(
        "ADD", along, graph.math("MULTIPLY", graph.math("SUBTRACT", streak, 0.5), 0.08)
    )
    fresh = max(0.0, 0.95 - ripeness)
    color = graph.mix(graph.smoothstep(ends, 0.08, 0.26, fresh, 0.0), color, green)
    color = graph.mix(graph.smoothstep(ends, 0.84, 0.95, 0.0, fresh), color, green)
    color = _spots(graph, rng, position, streak, ripeness, color)
    edge = graph.smoothstep(graph.math("ABSOLUTE", ridge), 0.0, 0.13, rng.uniform(0.0, 0.6), 0.0)
    color = graph.mix(edge, color, (0.25, 0.15, 0.02))
    color = graph.mix(graph.smoothstep(ends, 0.970, 0.982), color, (0.03, 0.018, 0.008))
    color = graph.mix(graph.smoothstep(ends, 0.008, 0.03, 1.0, 0.0), color, (0.06, 0.035, 0.015))
    return graph.finish(
        base_color=color,
        roughness=graph.smoothstep(streak, 0.3, 0.7, 0.38, 0.55),
        specular_ior_level=0.4,
        subsurface_weight=0.12,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.003,
        normal=graph.bump(streak, 0.0007),
    )


def _spots(
    graph: NodeGraph, rng: random.Random, position: Any, streak: Any, ripeness: float, color: Any
) -> Any:
    brown = random_color_between(rng, (0.12, 0.055, 0.015), (0.26, 0.12, 0.03))
    bent = graph.wobble(position, 5.0, 0.08)
    ripe = max(0.0, ripeness - 0.45)
    # Spots cluster where the skin was bruised or exposed to the sun.
    density = graph.smoothstep(graph.noise(position, 0.7), 0.35, 0.62, 0.15, 1.0)
    for scale, size in ((2.6, 0.75), (7.0, 0.95)):
        limit = size * ripe * rng.uniform(0.7, 1.6)
        near = graph.math("DIVIDE", graph.cells(bent, scale), density)
        spot = graph.smoothstep(near, limit, limit + 0.08, 0.9 if ripe else 0.0, 0.0)
        color = graph.mix(spot, color, brown)
    bruise = graph.smoothstep(graph.noise(bent, 0.9, 3.0), 0.72 - 0.18 * ripe, 0.80 - 0.18 * ripe)
    color = graph.mix(graph.math("MULTIPLY", bruise, 0.7), color, brown)
    line = graph.smoothstep(streak, 0.70, 0.78, 0.0, rng.uniform(0.1, 0.6))
    return graph.mix(line, color, brown)
