"""One picture of a design: the scene rendered, developed, and the truth about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from recipes.octagons.blender import rendering
from recipes.octagons.blender.scenes import build
from recipes.octagons.designs import Design
from recipes.octagons.photograph import PIXELS, Photograph, developed, seen
from recipes.octagons.scenes import Scene

_TRIES = 12
_SAMPLES = 4


def photograph(
    design: Design, view: int, neighbours: Sequence[Design] = (), *, samples: int = _SAMPLES
) -> Photograph | None:
    """Taken anew while an octagon is so cut, bent or small that nobody could say it is one.

    None where it stays so: an octagon of a round package may stand too far around it.
    """
    with TemporaryDirectory() as folder:
        scratch = Path(folder)
        for attempt in range(_TRIES):
            random = np.random.default_rng((design.seed, design.number, 8, view, attempt))
            kind = str(random.choice(["white", "shelf", "table"], p=[0.45, 0.42, 0.13]))
            if attempt >= _TRIES // 2:
                kind = "white"
            packages = build(kind, design, neighbours, random)
            numbers, octagons = rendering.numbers(packages, scratch, pixels=PIXELS)
            found = seen(Scene(numbers, numbers, octagons))
            if found is not None and len(found) >= min(1, len(design.kinds)):
                light = rendering.light(scratch, pixels=PIXELS, samples=samples)
                rgb = exposed(light, kind, random)
                pixels = developed(rgb, kind, random)
                return Photograph(pixels, f"blender-{kind}", tuple(found))
    return None


def exposed(light: Any, kind: str, random: np.random.Generator) -> Any:
    """Light as a camera records it, 0 to 255: paper almost or quite white, else metered."""
    if kind == "white":
        edges = np.concatenate([light[:60].reshape(-1, 3), light[:, :40].reshape(-1, 3)])
        white = float(np.percentile(edges.mean(1), 50))
        gain = random.uniform(1.06, 1.2) if random.random() < 0.65 else random.uniform(0.84, 1.0)
        gain /= white
    else:
        grey = np.maximum(light.mean(2), 1e-3)
        middle, bright = float(np.exp(np.log(grey).mean())), float(np.percentile(grey, 92))
        gain = min(random.uniform(0.17, 0.27) / middle, 1.5 / bright)
    value = cv2.GaussianBlur(np.maximum(light * gain, 0), (0, 0), 0.45)  # as a lens does
    if kind != "white":  # a shoulder instead of clipping
        value = np.where(value < 0.7, value, 0.7 + 0.3 * (1 - np.exp(-(value - 0.7) / 0.3)))
    value = np.clip(value, 0, 1)
    encoded = np.where(value < 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.ascontiguousarray(encoded * 255).astype(np.float32)
