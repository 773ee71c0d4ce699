"""Halved fruit with its cut face up. Halves do not count."""

import math
import random
from typing import Any

import numpy as np

from recipes.fruits.scenes.apple_skin import APPLES, apple_skin
from recipes.fruits.scenes.fruit import LEMON_TONES, ORANGE_TONES
from recipes.fruits.scenes.meshes import closed_object, labeled, lathe, smooth_noise
from recipes.fruits.scenes.nodegraph import Color, NodeGraph
from recipes.fruits.scenes.skins import FLESH_GLOW, citrus_skin, random_color_between


def half_orange(rng: random.Random) -> Any:
    rind = citrus_skin(rng, ORANGE_TONES, unit_m=0.037, pits=24, green=0.0)
    flesh = random_color_between(rng, (0.80, 0.22, 0.008), (0.86, 0.36, 0.02))
    return _half(rng, rng.uniform(0.033, 0.041), 0.95, rind, _citrus_flesh(rng, flesh))


def half_lemon(rng: random.Random) -> Any:
    rind = citrus_skin(rng, LEMON_TONES, unit_m=0.026, pits=15, green=0.0)
    flesh = random_color_between(rng, (0.80, 0.64, 0.12), (0.78, 0.68, 0.26))
    return _half(rng, rng.uniform(0.024, 0.029), 1.25, rind, _citrus_flesh(rng, flesh))


def half_apple(rng: random.Random) -> Any:
    rind = apple_skin(rng, APPLES[rng.choice(tuple(APPLES))], 0.037)
    return _half(rng, rng.uniform(0.033, 0.040), 0.95, rind, _apple_flesh(rng))


def _half(rng: random.Random, radius: float, depth: float, rind: Any, flesh: Any) -> Any:
    """A dome with its cut face up, and the face itself slightly above."""
    polar = np.linspace(math.pi / 2, math.pi, 34)
    ring = np.concatenate([[0], radius * np.sin(polar)])
    height = np.concatenate([[0], depth * radius * np.cos(polar)])
    points, skin = lathe(ring, height)
    body = closed_object("half", points, skin, rind)
    steps = np.linspace(0, 1, 24)
    rim = 0.985 * radius * np.append(steps, 0)
    top = np.append(0.0009 - 0.0006 * steps**6, -0.002)
    face, face_skin = lathe(rim, top, around=96)
    # Flat toward the rim, or the rind would poke through.
    face[..., 2] += smooth_noise(rng, face, 0.008) * 0.0003 * np.append(1 - steps**3, 0)[:, None]
    face_skin[..., 0] = np.append(steps, 1)[:, None]
    closed_object("cut face", face, face_skin, flesh).parent = body
    return labeled(body, None)


def _citrus_flesh(rng: random.Random, juice: Color) -> Any:
    """Segments, thin walls between them, white pith around."""
    graph = NodeGraph("citrus flesh")
    radius_share, cosine, sine = graph.skin()
    position = graph.position(0.03, rng.uniform(0, 90))
    turn = graph.math(
        "MULTIPLY", graph.math("ARCTAN2", sine, cosine), rng.choice((9, 10, 11)) / 6.2832
    )
    bent = graph.math("ADD", turn, graph.math("MULTIPLY", graph.noise(position, 1.5), 0.5))
    wall = graph.math("ABSOLUTE", graph.math("SUBTRACT", graph.math("FRACT", bent), 0.5))
    wall = graph.math("MULTIPLY", wall, radius_share)
    sacs = graph.noise(
        graph.combine(graph.math("MULTIPLY", turn, 4.0), radius_share, 0.0), 6.0, 4.0
    )
    dark: Color = (0.8 * juice[0], 0.62 * juice[1], 0.5 * juice[2])
    pith: Color = (0.80, 0.68, 0.40)
    color = graph.mix(graph.smoothstep(sacs, 0.35, 0.65), dark, juice)
    color = graph.mix(graph.smoothstep(wall, 0.012, 0.035, 0.8, 0.0), color, pith)
    color = graph.mix(graph.smoothstep(radius_share, 0.05, 0.11, 1.0, 0.0), color, pith)
    edge = rng.uniform(0.80, 0.92)
    color = graph.mix(graph.smoothstep(radius_share, edge, edge + 0.04), color, pith)
    return graph.finish(
        base_color=color,
        roughness=0.25,
        subsurface_weight=0.3,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.004,
        normal=graph.bump(sacs, 0.0012),
    )


def _apple_flesh(rng: random.Random) -> Any:
    """Cream flesh with the core's five-pointed star and dark seeds."""
    graph = NodeGraph("apple flesh")
    radius_share, cosine, sine = graph.skin()
    position = graph.position(0.03, rng.uniform(0, 90))
    star = graph.math("COSINE", graph.math("MULTIPLY", graph.math("ARCTAN2", sine, cosine), 5.0))
    reach = graph.math("SUBTRACT", radius_share, graph.math("MULTIPLY", star, 0.08))
    cream = random_color_between(rng, (0.80, 0.70, 0.38), (0.84, 0.78, 0.52))
    cloud = graph.noise(position, 3.0, 5.0)
    color = graph.mix(graph.smoothstep(cloud, 0.35, 0.7, 0.0, 0.5), cream, (0.62, 0.48, 0.20))
    ring = graph.math("ABSOLUTE", graph.math("SUBTRACT", reach, 0.36))
    color = graph.mix(graph.smoothstep(ring, 0.0, 0.03, 0.5, 0.0), color, (0.45, 0.50, 0.12))
    seed = graph.math("ABSOLUTE", graph.math("SUBTRACT", radius_share, 0.2))
    seeds = graph.math(
        "MULTIPLY", graph.smoothstep(seed, 0.05, 0.08, 1.0, 0.0), graph.smoothstep(star, 0.86, 0.93)
    )
    color = graph.mix(seeds, color, (0.05, 0.02, 0.008))
    return graph.finish(
        base_color=color,
        roughness=0.4,
        subsurface_weight=0.3,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.004,
        normal=graph.bump(cloud, 0.0006),
    )
