"""Halved fruit, its cut face showing. Halves do not count in this project."""

import math
import random
from typing import Any

import numpy as np

from recipes.fruits.scenes.apple_skin import APPLES, apple_skin
from recipes.fruits.scenes.fruit import LEMON_TONES, ORANGE_TONES
from recipes.fruits.scenes.meshes import closed_object, labelled, lathe, lumps
from recipes.fruits.scenes.nodegraph import Colour, NodeGraph
from recipes.fruits.scenes.skins import FLESH_GLOW, between, citrus


def half_orange(rng: random.Random) -> Any:
    rind = citrus(rng, ORANGE_TONES, unit_m=0.037, pits=24, green=0.0)
    flesh = between(rng, (0.80, 0.22, 0.008), (0.86, 0.36, 0.02))
    return _half(rng, rng.uniform(0.033, 0.041), 0.95, rind, _citrus_flesh(rng, flesh))


def half_lemon(rng: random.Random) -> Any:
    rind = citrus(rng, LEMON_TONES, unit_m=0.026, pits=15, green=0.0)
    flesh = between(rng, (0.80, 0.64, 0.12), (0.78, 0.68, 0.26))
    return _half(rng, rng.uniform(0.024, 0.029), 1.25, rind, _citrus_flesh(rng, flesh))


def half_apple(rng: random.Random) -> Any:
    rind = apple_skin(rng, APPLES[rng.choice(tuple(APPLES))], 0.037)
    return _half(rng, rng.uniform(0.033, 0.040), 0.95, rind, _apple_flesh(rng))


def _half(rng: random.Random, radius: float, deep: float, rind: Any, flesh: Any) -> Any:
    """A dome with its cut face up, and the face itself a hair above."""
    polar = np.linspace(math.pi / 2, math.pi, 34)
    ring = np.concatenate([[0], radius * np.sin(polar)])
    height = np.concatenate([[0], deep * radius * np.cos(polar)])
    points, skin = lathe(ring, height)
    body = closed_object("half", points, skin, rind)
    steps = np.linspace(0, 1, 24)
    rim = 0.985 * radius * np.append(steps, 0)
    top = np.append(0.0009 - 0.0006 * steps**6, -0.002)
    face, face_skin = lathe(rim, top, around=96)
    # Flat towards the rim, or the rind would poke through.
    face[..., 2] += lumps(rng, face, 0.008) * 0.0003 * np.append(1 - steps**3, 0)[:, None]
    face_skin[..., 0] = np.append(steps, 1)[:, None]
    closed_object("cut face", face, face_skin, flesh).parent = body
    return labelled(body, None)


def _citrus_flesh(rng: random.Random, juice: Colour) -> Any:
    """Segments, thin walls between them, white pith around."""
    graph = NodeGraph("citrus flesh")
    out, cosine, sine = graph.skin()
    where = graph.position(0.03, rng.uniform(0, 90))
    turn = graph.math(
        "MULTIPLY", graph.math("ARCTAN2", sine, cosine), rng.choice((9, 10, 11)) / 6.2832
    )
    bent = graph.math("ADD", turn, graph.math("MULTIPLY", graph.noise(where, 1.5), 0.5))
    wall = graph.math("ABSOLUTE", graph.math("SUBTRACT", graph.math("FRACT", bent), 0.5))
    wall = graph.math("MULTIPLY", wall, out)
    sacs = graph.noise(graph.combine(graph.math("MULTIPLY", turn, 4.0), out, 0.0), 6.0, 4.0)
    dark: Colour = (0.8 * juice[0], 0.62 * juice[1], 0.5 * juice[2])
    pith: Colour = (0.80, 0.68, 0.40)
    colour = graph.mix(graph.span(sacs, 0.35, 0.65), dark, juice)
    colour = graph.mix(graph.span(wall, 0.012, 0.035, 0.8, 0.0), colour, pith)
    colour = graph.mix(graph.span(out, 0.05, 0.11, 1.0, 0.0), colour, pith)
    edge = rng.uniform(0.80, 0.92)
    colour = graph.mix(graph.span(out, edge, edge + 0.04), colour, pith)
    return graph.finish(
        base_color=colour,
        roughness=0.25,
        subsurface_weight=0.3,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.004,
        normal=graph.bump(sacs, 0.0012),
    )


def _apple_flesh(rng: random.Random) -> Any:
    """Cream flesh with the core's five-pointed star and dark seeds."""
    graph = NodeGraph("apple flesh")
    out, cosine, sine = graph.skin()
    where = graph.position(0.03, rng.uniform(0, 90))
    star = graph.math("COSINE", graph.math("MULTIPLY", graph.math("ARCTAN2", sine, cosine), 5.0))
    reach = graph.math("SUBTRACT", out, graph.math("MULTIPLY", star, 0.08))
    cream = between(rng, (0.80, 0.70, 0.38), (0.84, 0.78, 0.52))
    cloud = graph.noise(where, 3.0, 5.0)
    colour = graph.mix(graph.span(cloud, 0.35, 0.7, 0.0, 0.5), cream, (0.62, 0.48, 0.20))
    ring = graph.math("ABSOLUTE", graph.math("SUBTRACT", reach, 0.36))
    colour = graph.mix(graph.span(ring, 0.0, 0.03, 0.5, 0.0), colour, (0.45, 0.50, 0.12))
    seed = graph.math("ABSOLUTE", graph.math("SUBTRACT", out, 0.2))
    seeds = graph.math(
        "MULTIPLY", graph.span(seed, 0.05, 0.08, 1.0, 0.0), graph.span(star, 0.86, 0.93)
    )
    colour = graph.mix(seeds, colour, (0.05, 0.02, 0.008))
    return graph.finish(
        base_color=colour,
        roughness=0.4,
        subsurface_weight=0.3,
        subsurface_radius=FLESH_GLOW,
        subsurface_scale=0.004,
        normal=graph.bump(cloud, 0.0006),
    )
