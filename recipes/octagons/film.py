"""Bags and bars: film between two seals, bulged, creased, shining."""

from __future__ import annotations

import cv2
import numpy as np

from recipes.octagons.artwork import Artwork
from recipes.octagons.layer import Floats, Layer


def _noise(shape: tuple[int, int], sigma: float, random: np.random.Generator) -> Floats:
    """Smooth and even, from −1 to 1 mostly."""
    small = max(2, int(shape[0] / sigma) + 3), max(2, int(shape[1] / sigma) + 3)
    grid = random.normal(0, 0.5, small).astype(np.float32)
    return cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)


def bag(art: Artwork, height: int, random: np.random.Generator, *, lying: bool) -> Layer:
    """Film between two seals: bulged, creased, shining."""
    print_, numbers = art.rgb, art.numbers
    across = height * print_.shape[0] // print_.shape[1] if lying else height
    size = (across, height) if lying else (height, int(height * print_.shape[1] / print_.shape[0]))
    if lying:
        print_, numbers = print_.swapaxes(0, 1), numbers.swapaxes(0, 1)
        size = (size[1], size[0])
    high, wide = size
    ys, xs = np.mgrid[0:high, 0:wide].astype(np.float32)
    u, v = xs / (wide - 1), ys / (high - 1)
    seal = 0.05
    inner = np.clip((v - seal) / (1 - 2 * seal), 0, 1)
    bulge = np.clip(np.sin(np.pi * inner), 0, 1) ** 0.35
    lean = random.uniform(0.02, 0.05)
    edge = lean * (1 - bulge) * -0.4 + lean * bulge * (
        0.4 + 0.2 * _noise((high, wide), high / 5, random)
    )
    reach = np.abs(u - 0.5) + edge * 0.8
    alpha = np.clip((0.485 - reach) * wide / 1.2, 0, 1)
    teeth = 0.006 * np.abs(((u * random.integers(30, 50)) % 1) * 2 - 1)
    alpha *= np.clip((v - teeth) * high / 1.5, 0, 1) * np.clip((1 - teeth - v) * high / 1.5, 0, 1)
    dome = np.sqrt(np.clip(1 - ((u - 0.5) * 2) ** 2, 0, 1)) * np.sqrt(
        np.clip(np.sin(np.pi * inner), 0, 1)
    )
    folds = (
        _noise((high, wide), high / 7, random) * 0.5 + _noise((high, wide), high / 16, random) * 0.3
    )
    pleats = np.sin(u * random.uniform(50, 90) + 3 * _noise((high, wide), high / 4, random))
    near_seal = np.exp(-np.minimum(v, 1 - v) / 0.07)
    surface = dome * 0.9 + folds * 0.1 + pleats * near_seal * 0.05
    slope_y, slope_x = np.gradient(surface * 90)
    light = 0.98 - slope_x * random.uniform(0.05, 0.16) * random.choice([-1, 1]) - slope_y * 0.1
    light = np.clip(light, 0.5, 1.25)
    shine = np.clip(folds * 0.8 + dome * 0.5 - random.uniform(0.65, 0.95), 0, 1) * random.uniform(
        60, 240
    )
    at_seal = np.clip((seal - np.minimum(v, 1 - v)) * high / 2, 0, 1)
    light *= 1 - 0.12 * at_seal * (0.5 + 0.5 * np.sin(ys * 1.6))
    bend = 0.012 * print_.shape[1]
    map_x = ((u - 0.5) * (1 + 0.06 * (1 - dome)) + 0.5) * (print_.shape[1] - 1) + folds * bend
    map_y = v * (print_.shape[0] - 1) + _noise((high, wide), high / 6, random) * bend
    map_x, map_y = map_x.astype(np.float32), map_y.astype(np.float32)
    rgb = cv2.remap(
        np.ascontiguousarray(print_),
        map_x,
        map_y,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    marks = cv2.remap(np.ascontiguousarray(numbers), map_x, map_y, cv2.INTER_NEAREST)
    lit = rgb * light[:, :, None] + shine[:, :, None]
    layer = Layer(lit.clip(0, 255).astype(np.float32), alpha, marks)
    if lying:
        layer = Layer(
            *(
                np.ascontiguousarray(part.swapaxes(0, 1))
                for part in (layer.rgb, layer.alpha, layer.numbers)
            )
        )
    return layer
