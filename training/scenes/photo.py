"""What a real camera adds to light: vignette, colour fringes, grain, sharpening, JPEG.

Knows pictures as arrays only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter


@dataclass(frozen=True)
class Film:
    grain: float = 1.0
    warmth: float = 0.0
    quality: int = 88
    vignette: float = 0.16


def develop(render: Path, target: Path, film: Film, seed: int) -> None:
    """Turn a clean rendering into a JPEG that looks taken, not made."""
    rng = np.random.default_rng(seed)
    with Image.open(render) as opened:
        picture = opened.convert("RGB")
    pixels = np.asarray(_fringed(picture), dtype=np.float32) / 255.0
    pixels = pixels * _vignette(pixels.shape, film.vignette)
    pixels = pixels * np.array([1 + 0.06 * film.warmth, 1.0, 1 - 0.08 * film.warmth], np.float32)
    pixels = pixels + _grain(rng, pixels, film.grain)
    made = Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))
    made = made.filter(ImageFilter.UnsharpMask(radius=1.4, percent=45, threshold=2))
    partial = target.with_suffix(".part")
    made.save(partial, "JPEG", quality=film.quality, subsampling=2)
    partial.replace(target)


def _fringed(picture: Image.Image) -> Image.Image:
    """Red is imaged a little larger than blue, as by any simple lens."""
    width, height = picture.size
    red, green, blue = picture.split()
    grow = 1.0012
    wide = (1 / grow, 0, width * (1 - 1 / grow) / 2, 0, 1 / grow, height * (1 - 1 / grow) / 2)
    thin = (grow, 0, width * (1 - grow) / 2, 0, grow, height * (1 - grow) / 2)
    affine = Image.Transform.AFFINE
    red = red.transform(picture.size, affine, wide, Image.Resampling.BICUBIC)
    blue = blue.transform(picture.size, affine, thin, Image.Resampling.BICUBIC)
    # The shrunken channel leaves an empty rim of less than a pixel: keep the original there.
    merged = np.asarray(Image.merge("RGB", (red, green, blue))).copy()
    original = np.asarray(picture)
    merged[[0, -1]], merged[:, [0, -1]] = original[[0, -1]], original[:, [0, -1]]
    return Image.fromarray(merged)


def _vignette(shape: tuple[int, ...], strength: float) -> Any:
    height, width = shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return (1 - strength * ((x * x + y * y) / 2) ** 1.3)[..., None].astype(np.float32)


def _grain(rng: Any, pixels: Any, strength: float) -> Any:
    """Noise as from a sensor: more in the shadows, softer than a pixel, partly in colour."""
    height, width = pixels.shape[:2]
    grey = rng.normal(0, 1, (height, width, 1))
    colour = rng.normal(0, 1, (height, width, 3))
    noise = 0.75 * grey + 0.5 * colour
    noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 2
    bright = pixels.mean(axis=2, keepdims=True)
    return (strength * noise * (0.004 + 0.007 * (1 - bright))).astype(np.float32)
