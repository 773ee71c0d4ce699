"""Heat maps: where in a picture a classifier saw its class, laid over the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from countlab.imaging.color import Pixels

_OPACITY = 0.55
_BRIGHT_RED = 225  # of Turbo's 255 colors; beyond it they grow dark again
_SMALLEST_SIDE = 224  # a smaller picture is enlarged: nobody can read a heat map of 28 pixels

Map = NDArray[np.float32]


def normalize_map(values: Map) -> Map:
    """What speaks for the class, 0 to 1; all zeros where nothing does."""
    positive = np.maximum(np.asarray(values, np.float32), 0)
    highest = float(positive.max(initial=0))
    return np.asarray(positive / highest if highest > 0 else positive, np.float32)


def overlay_map(pixels: Pixels, values: Map) -> Pixels:
    """The picture with the map over it, blue where nothing speaks for the class, red where most."""
    height, width = pixels.shape[:2]
    scale = max(1.0, _SMALLEST_SIDE / min(height, width))
    size = round(width * scale), round(height * scale)
    picture = cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST) if scale > 1 else pixels
    heat = cv2.resize(normalize_map(values), size, interpolation=cv2.INTER_CUBIC)
    levels = np.clip(heat * _BRIGHT_RED, 0, 255).astype(np.uint8)
    colors = cv2.applyColorMap(levels, cv2.COLORMAP_TURBO)
    return np.asarray(cv2.addWeighted(colors, _OPACITY, picture, 1 - _OPACITY, 0), np.uint8)
