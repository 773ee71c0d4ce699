"""The skin of bananas, from green to spotted. Knows no shapes, only where stem and tip are."""

import random
from typing import Any

from recipes.fruits.scenes.nodegraph import NodeGraph
from recipes.fruits.scenes.skins import FLESH_GLOW, between


def banana_skin(rng: random.Random, ripeness: float) -> Any:
    """Ripeness 0 is green, 0.5 clear yellow, 1 brown with spots."""
    graph = NodeGraph("banana")
    where = graph.position(0.02, rng.uniform(0, 90))
    along, cosine, sine = graph.skin()
    lines = graph.combine(cosine, sine, graph.math("MULTIPLY", along, 0.8))
    streak = graph.noise(graph.wobble(lines, 3.0, 0.1), 7.0, 3.0)
    # Same phase as the five ridges of the mesh: zero on an edge, where skin rubs brown.
    azimuth = graph.math("ARCTAN2", sine, cosine)
    ridge = graph.math("SINE", graph.math("MULTIPLY", azimuth, 2.5))
    yellow = between(rng, (0.80, 0.50, 0.015), (0.86, 0.62, 0.07))
    other = between(rng, (0.70, 0.42, 0.02), (0.82, 0.60, 0.09))
    green = between(rng, (0.22, 0.36, 0.03), (0.42, 0.48, 0.05))
    colour = graph.mix(graph.span(streak, 0.35, 0.65), yellow, other)
    unripe = max(0.0, 1.0 - ripeness * 2.2)
    colour = graph.mix(
        graph.span(graph.noise(where, 0.5), 0.35, 0.65, unripe, 0.8 * unripe), colour, green
    )
    ends = graph.math(
        "ADD", along, graph.math("MULTIPLY", graph.math("SUBTRACT", streak, 0.5), 0.08)
    )
    fresh = max(0.0, 0.95 - ripeness)
    colour = graph.mix(graph.span(ends, 0.08, 0.26, fresh, 0.0), colour, green)
    colour = graph.mix(graph.span(ends, 0.84, 0.95, 0.0, fresh), colour, green)
    colour = _spots(graph, rng, where, streak, ripeness, colour)
    edge = graph.span(graph.math("ABSOLUTE", ridge), 0.0, 0.13, rng.uniform(0.0, 0.6), 0.0)
    colour = graph.mix(edge, colour, (0.25, 0.15, 0.02))
    colour = graph.mix(graph.span(ends, 0.970, 0.982), colour, (0.03, 0.018, 0.008))
    colour = graph.mix(graph.span(ends, 0.008, 0.03, 1.0, 0.0), colour, (0.06, 0.035, 0.015))
    return graph.finish(
        base_color=colour,
        roughness=graph.span(streak, 0.3, 0.7, 0.38, 0.55),
        specular_ior_level=0.4,
        subsurface_weight=0.12,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.003,
        normal=graph.bump(streak, 0.0007),
    )


def _spots(
    graph: NodeGraph, rng: random.Random, where: Any, streak: Any, ripeness: float, colour: Any
) -> Any:
    brown = between(rng, (0.12, 0.055, 0.015), (0.26, 0.12, 0.03))
    bent = graph.wobble(where, 5.0, 0.08)
    ripe = max(0.0, ripeness - 0.45)
    # Spots gather where the skin was knocked or the sun came in.
    crowd = graph.span(graph.noise(where, 0.7), 0.35, 0.62, 0.15, 1.0)
    for scale, size in ((2.6, 0.75), (7.0, 0.95)):
        limit = size * ripe * rng.uniform(0.7, 1.6)
        near = graph.math("DIVIDE", graph.cells(bent, scale), crowd)
        spot = graph.span(near, limit, limit + 0.08, 0.9 if ripe else 0.0, 0.0)
        colour = graph.mix(spot, colour, brown)
    bruise = graph.span(graph.noise(bent, 0.9, 3.0), 0.72 - 0.18 * ripe, 0.80 - 0.18 * ripe)
    colour = graph.mix(graph.math("MULTIPLY", bruise, 0.7), colour, brown)
    line = graph.span(streak, 0.70, 0.78, 0.0, rng.uniform(0.1, 0.6))
    return graph.mix(line, colour, brown)
