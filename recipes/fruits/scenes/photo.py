"""What a real camera makes of light: exposure, tone, colour fringes, grain, sharpening.

Knows pictures as arrays only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

# The curve works on each channel alone and so deepens colours: take some of it back.
SATURATION = 0.84
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Film:
    """`key` is the mean brightness that the exposure aims at, before the tone curve."""

    key: float = 0.13
    grain: float = 1.0
    warmth: float = 0.0
    vignette: float = 0.16
    quality: int = 88


def develop(light: Any, film: Film, seed: int) -> Image.Image:
    """Turn linear light into a picture that looks taken, not made."""
    rng = np.random.default_rng(seed)
    exposed = light * _exposure(light, film.key) * _vignette(light.shape, film.vignette)
    exposed = exposed * np.array([1 + 0.1 * film.warmth, 1.0, 1 - 0.14 * film.warmth], np.float32)
    shown = _fringed(_quantised(_tone(exposed)))
    pixels = np.asarray(shown, dtype=np.float32) / 255.0
    pixels = pixels + _grain(rng, pixels, film.grain)
    return _quantised(pixels).filter(ImageFilter.UnsharpMask(radius=1.4, percent=40, threshold=2))


def _exposure(light: Any, key: float) -> float:
    """As a camera's meter does it: the middle to the key, but bright parts may not burn out."""
    brightness = np.maximum(light @ LUMINANCE, 1e-4)
    middle = float(np.exp(np.log(brightness).mean()))
    bright = float(np.percentile(brightness, 99.3))
    return min(key / middle, 9.0 * key / bright)


def _tone(light: Any) -> Any:
    """A film-like curve with toe and shoulder (Narkowicz's fit of ACES), then sRGB."""
    grey = (light @ LUMINANCE)[..., None]
    light = np.maximum(grey + (light - grey) * SATURATION, 0)
    curve = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    curve = np.clip(curve, 0, 1)
    return np.where(curve <= 0.0031308, 12.92 * curve, 1.055 * curve ** (1 / 2.4) - 0.055)


def _quantised(pixels: Any) -> Image.Image:
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


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
    noise = (
        noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))
    ) / 2
    bright = pixels.mean(axis=2, keepdims=True)
    return (strength * noise * (0.004 + 0.007 * (1 - bright))).astype(np.float32)
