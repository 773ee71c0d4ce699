"""Citrus and two-tone skin materials: color, pits, scars and gloss.

They read the "skin" coordinate of the mesh (0 at the stem, 1 at the far end).
"""

import random
from typing import Any

from recipes.fruits.scenes.nodegraph import Color, NodeGraph

# Relative distances that red, green and blue light travel under the rind.
FLESH_GLOW = (1.0, 0.42, 0.12)


def random_color_between(rng: random.Random, low: Color, high: Color) -> Color:
    """A random color near the line between two colors."""
    share = rng.random()
    red, green, blue = (
        (a + (b - a) * share) * rng.uniform(0.94, 1.06) for a, b in zip(low, high, strict=True)
    )
    return red, green, blue


def add_scars(graph: NodeGraph, position: Any, rng: random.Random, color: Any, brown: Color) -> Any:
    """Rubbed, healed patches; most fruit has few, some has many."""
    rubbed = graph.noise(graph.wobble(position, 4.0, 0.25), rng.uniform(1.2, 2.2), 4.0)
    threshold = rng.uniform(0.62, 0.78)
    return graph.mix(graph.smoothstep(rubbed, threshold, threshold + 0.13, 0.0, 0.75), color, brown)


def citrus_skin(
    rng: random.Random,
    tones: tuple[Color, Color],
    *,
    unit_m: float,
    pits: float,
    green: float,
) -> Any:
    """Pitted, oily rind: `pits` along each `unit_m`, `green` for how unripe the ends are."""
    graph = NodeGraph("citrus")
    position = graph.position(unit_m, rng.uniform(0, 90))
    along, _, _ = graph.skin()
    main, other = random_color_between(rng, *tones), random_color_between(rng, *tones)
    color = graph.mix(graph.smoothstep(graph.noise(position, 1.4, 2.0), 0.35, 0.68), main, other)
    cells = graph.cells(graph.wobble(position, 11.0, 0.035), pits)
    pit = graph.smoothstep(cells, 0.05, 0.5)
    dark = tuple(0.82 * channel for channel in main)
    color = graph.mix(graph.smoothstep(pit, 0.0, 0.7, 0.55, 0.0), color, dark)
    color = add_scars(graph, position, rng, color, (0.42, 0.24, 0.07))
    # The ends ripen last: greener near the stem, in a ragged cap.
    edge = graph.math("ADD", along, graph.math("MULTIPLY", graph.noise(position, 2.5, 2.0), 0.14))
    cap = graph.smoothstep(edge, 0.05, 0.05 + rng.uniform(0.08, 0.3), green, 0.0)
    color = graph.mix(cap, color, (0.30, 0.36, 0.03))
    dots = graph.smoothstep(
        graph.cells(position, pits * 0.23), 0.05, 0.09, rng.choice((0, 0, 0.8)), 0.0
    )
    color = graph.mix(dots, color, (0.16, 0.08, 0.02))
    waves = graph.bump(graph.noise(position, rng.uniform(3, 6), 1.0), unit_m * 0.05)
    return graph.finish(
        base_color=color,
        roughness=graph.smoothstep(
            graph.noise(position, 5.0, 0.0), 0.3, 0.7, rng.uniform(0.25, 0.38), 0.5
        ),
        specular_ior_level=0.45,
        subsurface_weight=0.18,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.004,
        normal=graph.bump(pit, unit_m * rng.uniform(0.006, 0.013), waves),
    )


def two_tone_skin(
    rng: random.Random,
    tones: tuple[Color, Color],
    *,
    unit_m: float,
    roughness: float,
    coat: float = 0.0,
    sheen: float = 0.0,
    glow: float = 0.12,
) -> Any:
    """A skin of two clouded tones, without pits or streaks."""
    graph = NodeGraph("plain")
    position = graph.position(unit_m, rng.uniform(0, 90))
    cloud = graph.smoothstep(graph.noise(position, 1.3, 4.0), 0.36, 0.66)
    color = graph.mix(cloud, random_color_between(rng, *tones), random_color_between(rng, *tones))
    grain = graph.noise(position, 9.0)
    return graph.finish(
        base_color=graph.mix(
            graph.smoothstep(grain, 0.3, 0.7, 0.12, 0.0), color, (0.1, 0.06, 0.02)
        ),
        roughness=graph.smoothstep(grain, 0.3, 0.7, roughness, roughness + 0.1),
        coat_weight=coat,
        coat_roughness=0.1,
        sheen_weight=sheen,
        subsurface_weight=glow,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.004,
        normal=graph.bump(grain, unit_m * 0.01),
    )
