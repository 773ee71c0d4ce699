"""Exposure and tone curve: linear light to an 8-bit picture. Needs no Blender."""

import numpy as np
import numpy.typing as npt


def expose(
    linear: npt.NDArray[np.float64], brightness: float, saturation: float
) -> npt.NDArray[np.uint8]:
    """Linear premultiplied RGBA to 8-bit straight RGBA; bright parts come out near `brightness`.

    `saturation` above 1 makes colors more vivid, as cameras do.
    """
    alpha = np.clip(linear[..., 3:], 0, 1)
    color = np.maximum(linear[..., :3], 0) / np.maximum(alpha, 1e-3)
    solid = alpha[..., 0] > 0.9
    bright = float(np.percentile(color.max(axis=-1)[solid], 88)) if solid.any() else 1.0
    exposed = color * (brightness / max(bright, 1e-4))
    # A film-like shoulder: highlights approach white instead of clipping.
    toned = np.where(exposed < 0.6, exposed, 0.6 + 0.4 * (1 - np.exp(-(exposed - 0.6) / 0.4)))
    encoded = np.where(toned < 0.0031308, 12.92 * toned, 1.055 * toned ** (1 / 2.4) - 0.055)
    gray = encoded.mean(axis=-1, keepdims=True)
    encoded = np.clip(gray + saturation * (encoded - gray), 0, 1)
    return np.round(np.concatenate([encoded, alpha], axis=-1) * 255).astype(np.uint8)
