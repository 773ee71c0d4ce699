"""What the rind of each fruit looks like: colour, pits, spots, gloss.

Reads the "skin" coordinate of the mesh (0 at the stem, 1 at the far end). Knows no shapes.
"""

import random
from dataclasses import dataclass
from typing import Any

from training.scenes.nodegraph import Colour, NodeGraph

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
    rubbed = graph.noise(graph.wobble(where, 4.0, 0.25), rng.uniform(1.2, 2.2), 6.0)
    threshold = rng.uniform(0.62, 0.78)
    return graph.mix(graph.span(rubbed, threshold, threshold + 0.05, 0.0, 0.7), colour, brown)


def citrus(
    rng: random.Random,
    tones: tuple[Colour, Colour],
    *,
    unit_m: float,
    pits: float,
    green: float,
) -> Any:
    """Pitted, oily rind. `pits` is how many fit along `unit_m`; `green` is how unripe the ends are."""
    graph = NodeGraph("citrus")
    where = graph.position(unit_m, rng.uniform(0, 90))
    along, _, _ = graph.skin()
    main, other = between(rng, *tones), between(rng, *tones)
    colour = graph.mix(graph.span(graph.noise(where, 1.4, 4.0), 0.35, 0.68), main, other)
    cells = graph.cells(graph.wobble(where, 11.0, 0.035), pits)
    pit = graph.span(cells, 0.05, 0.5)
    dark = tuple(0.82 * channel for channel in main)
    colour = graph.mix(graph.span(pit, 0.0, 0.7, 0.55, 0.0), colour, dark)
    colour = scar(graph, where, rng, colour, (0.42, 0.24, 0.07))
    # Ends ripen last: greener near the stem, in a ragged cap.
    edge = graph.math("ADD", along, graph.math("MULTIPLY", graph.noise(where, 2.5), 0.14))
    cap = graph.span(edge, 0.05, 0.05 + rng.uniform(0.08, 0.3), green, 0.0)
    colour = graph.mix(cap, colour, (0.30, 0.36, 0.03))
    dots = graph.span(graph.cells(where, pits * 0.23), 0.05, 0.09, rng.choice((0, 0, 0.8)), 0.0)
    colour = graph.mix(dots, colour, (0.16, 0.08, 0.02))
    waves = graph.bump(graph.noise(where, rng.uniform(3, 6), 2.0), unit_m * 0.05)
    return graph.finish(
        base_color=colour,
        roughness=graph.span(graph.noise(where, 5.0), 0.3, 0.7, rng.uniform(0.25, 0.38), 0.5),
        specular_ior_level=0.45,
        subsurface_weight=0.18,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.004,
        normal=graph.bump(pit, unit_m * rng.uniform(0.006, 0.013), waves),
    )


@dataclass(frozen=True)
class AppleVariety:
    """Ground colour, blush colour, how much blush and how streaked it is."""

    ground: tuple[Colour, Colour]
    blush: tuple[Colour, Colour]
    cover: tuple[float, float]
    streaks: float


APPLES = {
    "red": AppleVariety(
        ((0.40, 0.32, 0.04), (0.55, 0.34, 0.05)),
        ((0.22, 0.006, 0.010), (0.52, 0.022, 0.014)),
        (0.75, 1.25),
        0.35,
    ),
    "striped": AppleVariety(
        ((0.62, 0.50, 0.09), (0.72, 0.46, 0.12)),
        ((0.42, 0.028, 0.020), (0.60, 0.085, 0.030)),
        (0.35, 0.75),
        0.75,
    ),
    "pink": AppleVariety(
        ((0.52, 0.50, 0.10), (0.68, 0.52, 0.14)),
        ((0.45, 0.035, 0.050), (0.62, 0.09, 0.09)),
        (0.45, 0.85),
        0.45,
    ),
    "green": AppleVariety(
        ((0.20, 0.40, 0.025), (0.40, 0.56, 0.07)),
        ((0.50, 0.30, 0.08), (0.45, 0.42, 0.06)),
        (-0.7, 0.1),
        0.2,
    ),
    "golden": AppleVariety(
        ((0.58, 0.52, 0.07), (0.76, 0.56, 0.10)),
        ((0.74, 0.30, 0.07), (0.72, 0.22, 0.10)),
        (-0.7, 0.25),
        0.2,
    ),
}


def apple_skin(rng: random.Random, variety: str, unit_m: float) -> Any:
    """Ground colour, a streaked blush on the sunny side, russet dimple, pale pores, wax."""
    kind = APPLES[variety]
    graph = NodeGraph("apple")
    where = graph.position(unit_m, rng.uniform(0, 90))
    along, cosine, sine = graph.skin()
    ground = graph.mix(
        graph.span(graph.noise(where, 1.3), 0.3, 0.7),
        between(rng, *kind.ground),
        between(rng, *kind.ground),
    )
    lines = graph.wobble(graph.combine(cosine, sine, graph.math("MULTIPLY", along, 0.35)), 2.0, 0.05)
    fine = graph.noise(lines, rng.uniform(11, 18), 5.0)
    broad = graph.noise(where, 0.9, 2.0)
    streak = graph.math("MULTIPLY", graph.math("SUBTRACT", fine, 0.5), 3.0 * kind.streaks)
    patch = graph.math("MULTIPLY", graph.math("SUBTRACT", broad, 0.5), 2.4)
    amount = graph.math("ADD", graph.math("ADD", streak, patch), rng.uniform(*kind.cover))
    blush = graph.mix(
        graph.span(fine, 0.35, 0.65), between(rng, *kind.blush), between(rng, *kind.blush)
    )
    colour = graph.mix(graph.span(amount, 0.0, 0.75, 0.0, 0.97), ground, blush)
    pores = graph.cells(where, rng.uniform(7, 12))
    size = rng.uniform(0.04, 0.09)
    pore = graph.span(pores, size, size + 0.05, rng.uniform(0.1, 0.6), 0.0)
    colour = graph.mix(pore, colour, (0.66, 0.52, 0.24))
    colour = scar(graph, where, rng, colour, (0.20, 0.10, 0.03))
    ragged = graph.math("ADD", along, graph.math("MULTIPLY", graph.math("SUBTRACT", fine, 0.5), 0.12))
    dimple = rng.choice(((0.26, 0.22, 0.05), (0.30, 0.33, 0.05)))
    colour = graph.mix(graph.span(ragged, 0.04, 0.15, rng.uniform(0.2, 0.9), 0.0), colour, dimple)
    colour = graph.mix(graph.span(along, 0.955, 0.985), colour, (0.05, 0.03, 0.015))
    return graph.finish(
        base_color=colour,
        roughness=graph.span(graph.noise(where, 3.0), 0.3, 0.7, rng.uniform(0.2, 0.4), 0.5),
        specular_ior_level=0.45,
        coat_weight=rng.choice((0.0, 0.1, 0.3)),
        coat_roughness=0.15,
        subsurface_weight=0.12,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.003,
        normal=graph.bump(graph.noise(where, 7.0), unit_m * 0.012),
    )


def banana_skin(rng: random.Random, ripeness: float) -> Any:
    """Ripeness 0 is green, 0.5 clear yellow, 1 brown with spots."""
    graph = NodeGraph("banana")
    where = graph.position(0.02, rng.uniform(0, 90))
    along, cosine, sine = graph.skin()
    lines = graph.combine(cosine, sine, graph.math("MULTIPLY", along, 0.8))
    streak = graph.noise(graph.wobble(lines, 3.0, 0.1), 7.0, 4.0)
    yellow = between(rng, (0.80, 0.50, 0.015), (0.86, 0.62, 0.07))
    other = between(rng, (0.70, 0.42, 0.02), (0.82, 0.60, 0.09))
    green = between(rng, (0.22, 0.36, 0.03), (0.42, 0.48, 0.05))
    colour = graph.mix(graph.span(streak, 0.35, 0.65), yellow, other)
    unripe = max(0.0, 1.0 - ripeness * 2.2)
    colour = graph.mix(
        graph.span(graph.noise(where, 0.5), 0.35, 0.65, unripe, 0.8 * unripe), colour, green
    )
    ends = graph.math("ADD", along, graph.math("MULTIPLY", graph.math("SUBTRACT", streak, 0.5), 0.08))
    fresh = max(0.0, 0.95 - ripeness)
    colour = graph.mix(graph.span(ends, 0.08, 0.26, fresh, 0.0), colour, green)
    colour = graph.mix(graph.span(ends, 0.84, 0.95, 0.0, fresh), colour, green)
    colour = _spots(graph, rng, where, streak, ripeness, colour)
    colour = graph.mix(graph.span(ends, 0.955, 0.975), colour, (0.025, 0.015, 0.008))
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
    for scale, size in ((2.6, 0.28), (7.0, 0.34)):
        limit = size * ripe * rng.uniform(0.7, 1.6)
        colour = graph.mix(
            graph.span(graph.cells(bent, scale), limit, limit + 0.05, 0.9 if ripe else 0.0, 0.0),
            colour,
            brown,
        )
    bruise = graph.span(graph.noise(bent, 0.9, 5.0), 0.72 - 0.18 * ripe, 0.80 - 0.18 * ripe)
    colour = graph.mix(graph.math("MULTIPLY", bruise, 0.7), colour, brown)
    line = graph.span(streak, 0.70, 0.78, 0.0, rng.uniform(0.1, 0.6))
    return graph.mix(line, colour, brown)
