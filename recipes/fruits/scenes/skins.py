"""Rinds in general and that of citrus: colour, pits, scars, gloss.

Reads the "skin" coordinate of the mesh (0 at the stem, 1 at the far end). Knows no shapes.
"""

import random
from typing import Any

from recipes.fruits.scenes.nodegraph import Colour, NodeGraph

# How far red, green and blue light travel under the rind, relative to one another.
FLESH_GLOW = (1.0, 0.42, 0.12)


def between(rng: random.Random, low: Colour, high: Colour) -> Colour:
    """A colour somewhere on the line between two, slightly off it."""
    share = rng.random()
    red, green, blue = (
        (a + (b - a) * share) * rng.uniform(0.94, 1.06) for a, b in zip(low, high, strict=True)
    )
    return red, green, blue


def scar(graph: NodeGraph, where: Any, rng: random.Random, colour: Any, brown: Colour) -> Any:
    """Rubbed, healed patches; most fruit has few, some has many."""
    rubbed = graph.noise(graph.wobble(where, 4.0, 0.25), rng.uniform(1.2, 2.2), 4.0)
    threshold = rng.uniform(0.62, 0.78)
    return graph.mix(graph.span(rubbed, threshold, threshold + 0.13, 0.0, 0.75), colour, brown)


def citrus(
    rng: random.Random,
    tones: tuple[Colour, Colour],
    *,
    unit_m: float,
    pits: float,
    green: float,
) -> Any:
    """Pitted, oily rind: `pits` along each `unit_m`, `green` for how unripe the ends are."""
    graph = NodeGraph("citrus")
    where = graph.position(unit_m, rng.uniform(0, 90))
    along, _, _ = graph.skin()
    main, other = between(rng, *tones), between(rng, *tones)
    colour = graph.mix(graph.span(graph.noise(where, 1.4, 2.0), 0.35, 0.68), main, other)
    cells = graph.cells(graph.wobble(where, 11.0, 0.035), pits)
    pit = graph.span(cells, 0.05, 0.5)
    dark = tuple(0.82 * channel for channel in main)
    colour = graph.mix(graph.span(pit, 0.0, 0.7, 0.55, 0.0), colour, dark)
    colour = scar(graph, where, rng, colour, (0.42, 0.24, 0.07))
    # Ends ripen last: greener near the stem, in a ragged cap.
    edge = graph.math("ADD", along, graph.math("MULTIPLY", graph.noise(where, 2.5, 2.0), 0.14))
    cap = graph.span(edge, 0.05, 0.05 + rng.uniform(0.08, 0.3), green, 0.0)
    colour = graph.mix(cap, colour, (0.30, 0.36, 0.03))
    dots = graph.span(graph.cells(where, pits * 0.23), 0.05, 0.09, rng.choice((0, 0, 0.8)), 0.0)
    colour = graph.mix(dots, colour, (0.16, 0.08, 0.02))
    waves = graph.bump(graph.noise(where, rng.uniform(3, 6), 1.0), unit_m * 0.05)
    return graph.finish(
        base_color=colour,
        roughness=graph.span(graph.noise(where, 5.0, 0.0), 0.3, 0.7, rng.uniform(0.25, 0.38), 0.5),
        specular_ior_level=0.45,
        subsurface_weight=0.18,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.004,
        normal=graph.bump(pit, unit_m * rng.uniform(0.006, 0.013), waves),
    )


def plain(
    rng: random.Random,
    tones: tuple[Colour, Colour],
    *,
    unit_m: float,
    roughness: float,
    coat: float = 0.0,
    sheen: float = 0.0,
    glow: float = 0.12,
) -> Any:
    """A skin of two clouded tones, for what needs neither pits nor streaks."""
    graph = NodeGraph("plain")
    where = graph.position(unit_m, rng.uniform(0, 90))
    cloud = graph.span(graph.noise(where, 1.3, 4.0), 0.36, 0.66)
    colour = graph.mix(cloud, between(rng, *tones), between(rng, *tones))
    grain = graph.noise(where, 9.0)
    return graph.finish(
        base_color=graph.mix(graph.span(grain, 0.3, 0.7, 0.12, 0.0), colour, (0.1, 0.06, 0.02)),
        roughness=graph.span(grain, 0.3, 0.7, roughness, roughness + 0.1),
        coat_weight=coat,
        coat_roughness=0.1,
        sheen_weight=sheen,
        subsurface_weight=glow,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.004,
        normal=graph.bump(grain, unit_m * 0.01),
    )
