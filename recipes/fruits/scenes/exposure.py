"""From light to an 8-bit picture, as a camera does it. Knows no scene and no Blender."""

import numpy as np
import numpy.typing as npt


def expose(linear: npt.NDArray[np.float64], wanted: float, vivid: float) -> npt.NDArray[np.uint8]:
    """Linear premultiplied RGBA to 8-bit straight RGBA; its bright parts land near `wanted`.

    `vivid` above 1 deepens colours, as cameras do to please.
    """
    alpha = np.clip(linear[..., 3:], 0, 1)
    colour = np.maximum(linear[..., :3], 0) / np.maximum(alpha, 1e-3)
    solid = alpha[..., 0] > 0.9
    bright = float(np.percentile(colour.max(axis=-1)[solid], 88)) if solid.any() else 1.0
    exposed = colour * (wanted / max(bright, 1e-4))
    # A film-like shoulder: highlights bend towards white instead of clipping.
    toned = np.where(exposed < 0.6, exposed, 0.6 + 0.4 * (1 - np.exp(-(exposed - 0.6) / 0.4)))
    encoded = np.where(toned < 0.0031308, 12.92 * toned, 1.055 * toned ** (1 / 2.4) - 0.055)
    grey = encoded.mean(axis=-1, keepdims=True)
    encoded = np.clip(grey + vivid * (encoded - grey), 0, 1)
    return np.round(np.concatenate([encoded, alpha], axis=-1) * 255).astype(np.uint8)
