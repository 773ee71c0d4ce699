"""Camera response: exposure, tone curve, color fringes, grain and sharpening, on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

# The tone curve works per channel and so increases saturation: reduce it beforehand.
SATURATION = 0.84
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class Film:
    """Parameters of the response; `key` is the target mean brightness before the tone curve."""

    key: float = 0.13
    grain: float = 1.0
    warmth: float = 0.0
    vignette: float = 0.16
    quality: int = 88


def develop(light: Any, film: Film, seed: int) -> Image.Image:
    """Turn linear light into a picture that looks like a photo."""
    rng = np.random.default_rng(seed)
    exposed = light * _exposure(light, film.key) * _vignette(light.shape, film.vignette)
    exposed = exposed * np.array([1 + 0.1 * film.warmth, 1.0, 1 - 0.14 * film.warmth], np.float32)
    fringed = _add_fringes(_quantize(_tone(exposed)))
    pixels = np.asarray(fringed, dtype=np.float32) / 255.0
    pixels = pixels + _grain(rng, pixels, film.grain)
    return _quantize(pixels).filter(ImageFilter.UnsharpMask(radius=1.4, percent=40, threshold=2))


def _exposure(light: Any, key: float) -> float:
    """Metering: the mean at the key, but bright parts must not clip."""
    brightness = np.maximum(light @ LUMINANCE, 1e-4)
    mean = float(np.exp(np.log(brightness).mean()))
    bright = float(np.percentile(brightness, 99.3))
    return min(key / mean, 9.0 * key / bright)


def _tone(light: Any) -> Any:
    """A film-like curve with toe and shoulder (Narkowicz's fit of ACES), then sRGB."""
    gray = (light @ LUMINANCE)[..., None]
    light = np.maximum(gray + (light - gray) * SATURATION, 0)
    curve = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    curve = np.clip(curve, 0, 1)
    return np.where(curve <= 0.0031308, 12.92 * curve, 1.055 * curve ** (1 / 2.4) - 0.055)


def _quantize(pixels: Any) -> Image.Image:
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def _add_fringes(picture: Image.Image) -> Image.Image:
    """Lateral chromatic aberration: red is imaged slightly larger than blue."""
    width, height = picture.size
    red, green, blue = picture.split()
    factor = 1.0012
    enlarge = (
        1 / factor,
        0,
        width * (1 - 1 / factor) / 2,
        0,
        1 / factor,
        height * (1 - 1 / factor) / 2,
    )
    shrink = (factor, 0, width * (1 - factor) / 2, 0, factor, height * (1 - factor) / 2)
    affine = Image.Transform.AFFINE
    red = red.transform(picture.size, affine, enlarge, Image.Resampling.BICUBIC)
    blue = blue.transform(picture.size, affine, shrink, Image.Resampling.BICUBIC)
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
    """Sensor noise: stronger in the shadows, softer than a pixel, partly colored."""
    height, width = pixels.shape[:2]
    gray = rng.normal(0, 1, (height, width, 1))
    color = rng.normal(0, 1, (height, width, 3))
    noise = 0.75 * gray + 0.5 * color
    noise = (
        noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))
    ) / 2
    bright = pixels.mean(axis=2, keepdims=True)
    return (strength * noise * (0.004 + 0.007 * (1 - bright))).astype(np.float32)
