"""Table cloth materials: weave, folds and dyes."""

from __future__ import annotations

from random import Random
from typing import Any

from recipes.fruits.scenes.shading import Graph, shade


def _weave(g: Graph, thread_m: float) -> tuple[Any, Any]:
    """Height maps of a plain weave and of the folds under it."""
    across = g.node("ShaderNodeTexWave", {"bands_direction": "X"}, vector=g.position,
                    scale=0.314 / thread_m, distortion=0.6, detail=1.0)  # fmt: skip
    along = g.node("ShaderNodeTexWave", {"bands_direction": "Y"}, vector=g.position,
                   scale=0.314 / thread_m, distortion=0.6, detail=1.0)  # fmt: skip
    return g.sum(across.outputs["Factor"], along.outputs["Factor"]), g.noise(
        g.stretch((1.0, 1.9, 1)), 3.0, 2.0, 0.3
    )


def linen(rng: Random) -> Any:
    g = Graph("linen")
    cloth = rng.choice(
        [(0.62, 0.57, 0.48), (0.72, 0.71, 0.68), (0.25, 0.3, 0.36), (0.5, 0.3, 0.27)]
    )
    weave, folds = _weave(g, 0.0011)
    slub = g.noise(g.stretch((8, 300, 1)), 1.0, 2.0)
    color = g.ramp(g.sum(g.remap(weave, 0, 2, 0, 0.7), slub, 0.4),
                    [(0.2, shade(cloth, 0.66)), (0.8, cloth)])  # fmt: skip
    normal = g.bump(weave, 0.35, 0.0006, g.bump(folds, 0.8, 0.03))
    g.surface.inputs["Sheen Weight"].default_value = 0.25
    return g.finish(color, 0.9, normal, 0.2)


def _bands(g: Graph, axis: str, width_m: float, share: float) -> Any:
    wave = g.node("ShaderNodeTexWave", {"bands_direction": axis, "wave_profile": "SAW"},
                  vector=g.position, scale=0.314 / width_m, distortion=0.05,
                  detail=0.0)  # fmt: skip
    return g.remap(wave.outputs["Factor"], share - 0.01, share + 0.01, 0.0, 1.0)


def checked(rng: Random) -> Any:
    """A gingham: full color where the bands cross, half elsewhere."""
    g = Graph("checked cloth")
    dye = rng.choice([(0.42, 0.03, 0.035), (0.05, 0.11, 0.3), (0.06, 0.2, 0.1)])
    width = rng.uniform(0.028, 0.05)
    weave, folds = _weave(g, 0.0012)
    both = g.sum(_bands(g, "X", width, 0.5), _bands(g, "Y", width, 0.5))
    color = g.ramp(
        g.remap(both, 0, 2, 0, 1),
        [(0.05, (0.72, 0.7, 0.66)), (0.5, tuple((c + 0.7) / 2.4 for c in dye)), (0.95, dye)],  # type: ignore
    )
    normal = g.bump(weave, 0.3, 0.0006, g.bump(folds, 0.7, 0.025))
    return g.finish(color, 0.9, normal, 0.2)


def striped(rng: Random) -> Any:
    g = Graph("striped cloth")
    dye = rng.choice([(0.09, 0.16, 0.28), (0.33, 0.27, 0.17), (0.35, 0.1, 0.08)])
    weave, folds = _weave(g, 0.0012)
    stripe = _bands(g, rng.choice("XY"), rng.uniform(0.02, 0.06), rng.uniform(0.55, 0.8))
    color = g.mix(stripe, (0.69, 0.66, 0.6), dye)
    normal = g.bump(weave, 0.3, 0.0006, g.bump(folds, 0.8, 0.025))
    return g.finish(color, 0.9, normal, 0.2)
