"""Apple skin material: ground color, streaked blush, pores, russet and wax."""

import random
from dataclasses import dataclass
from typing import Any

from recipes.fruits.scenes.nodegraph import Color, NodeGraph
from recipes.fruits.scenes.skins import FLESH_GLOW, add_scars, random_color_between


@dataclass(frozen=True)
class AppleVariety:
    """Ground color, blush color, amount of blush and how streaked it is."""

    ground: tuple[Color, Color]
    blush: tuple[Color, Color]
    cover: tuple[float, float]
    streaks: float


APPLES = {
    "red": AppleVariety(
        ((0.40, 0.32, 0.04), (0.55, 0.34, 0.05)),
        ((0.16, 0.005, 0.009), (0.50, 0.022, 0.014)),
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
        ((0.42, 0.025, 0.030), (0.60, 0.075, 0.055)),
        (0.45, 0.85),
        0.45,
    ),
    "green": AppleVariety(
        ((0.20, 0.34, 0.030), (0.42, 0.50, 0.08)),
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


def apple_skin(rng: random.Random, kind: AppleVariety, unit_m: float) -> Any:
    """Ground color, a streaked blush on the sunny side, russet dimple, pale pores, wax."""
    graph = NodeGraph("apple")
    position = graph.position(unit_m, rng.uniform(0, 90))
    along, cosine, sine = graph.skin()
    ground = graph.mix(
        graph.smoothstep(graph.noise(position, 1.3, 1.0), 0.3, 0.7),
        random_color_between(rng, *kind.ground),
        random_color_between(rng, *kind.ground),
    )
    lines = graph.wobble(
        graph.combine(cosine, sine, graph.math("MULTIPLY", along, 0.35)), 2.0, 0.05
    )
    fine = graph.noise(lines, rng.uniform(14, 26), 4.0)
    broad = graph.noise(position, 0.9, 2.0)
    streak = graph.math("MULTIPLY", graph.math("SUBTRACT", fine, 0.5), 3.0 * kind.streaks)
    patch = graph.math("MULTIPLY", graph.math("SUBTRACT", broad, 0.5), 2.4)
    amount = graph.math("ADD", graph.math("ADD", streak, patch), rng.uniform(*kind.cover))
    blush = graph.mix(
        graph.smoothstep(fine, 0.35, 0.65),
        random_color_between(rng, *kind.blush),
        random_color_between(rng, *kind.blush),
    )
    color = graph.mix(graph.smoothstep(amount, -0.15, 0.95, 0.0, 0.97), ground, blush)
    mottle = graph.noise(position, 8.0, 3.0)
    shade = graph.smoothstep(mottle, 0.35, 0.65, rng.uniform(0.1, 0.35), 0.0)
    color = graph.mix(shade, color, random_color_between(rng, *kind.ground))
    pores = graph.cells(position, rng.uniform(7, 12))
    size = rng.uniform(0.04, 0.09)
    pore = graph.smoothstep(pores, size, size + 0.05, rng.uniform(0.1, 0.6), 0.0)
    color = graph.mix(pore, color, (0.66, 0.52, 0.24))
    color = add_scars(graph, position, rng, color, (0.20, 0.10, 0.03))
    ragged = graph.math(
        "ADD", along, graph.math("MULTIPLY", graph.math("SUBTRACT", fine, 0.5), 0.12)
    )
    dimple = rng.choice(((0.26, 0.22, 0.05), (0.30, 0.33, 0.05)))
    color = graph.mix(
        graph.smoothstep(ragged, 0.04, 0.15, rng.uniform(0.2, 0.9), 0.0), color, dimple
    )
    color = graph.mix(graph.smoothstep(along, 0.955, 0.985), color, (0.05, 0.03, 0.015))
    return graph.finish(
        base_color=color,
        roughness=graph.smoothstep(
            graph.noise(position, 3.0, 0.0), 0.3, 0.7, rng.uniform(0.2, 0.4), 0.5
        ),
        specular_ior_level=0.45,
        coat_weight=rng.choice((0.0, 0.1, 0.3)),
        coat_roughness=0.15,
        subsurface_weight=0.12,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.003,
        normal=graph.bump(graph.noise(position, 7.0, 1.0), unit_m * 0.012),
    )
