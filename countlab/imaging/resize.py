"""Resizing a picture to a network's input, and the way back from input to picture pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from countlab.imaging.color import Pixels

ResizeMode = Literal["stretch", "letterbox", "area"]
_LETTERBOX_GRAY = 114  # Ultralytics' border, which its networks were trained with


@dataclass(frozen=True)
class Placement:
    """Where a picture lies in the network's input: picture = (input - offset) × scale."""

    width: int
    height: int
    scale_x: float
    scale_y: float
    left: float = 0.0
    top: float = 0.0


def resize_to_input(
    pixels: Pixels, size: tuple[int, int], mode: ResizeMode
) -> tuple[Pixels, Placement]:
    """The picture at exactly the input's width and height.

    `stretch` is bilinear, `area` averages what it reduces (and is bilinear where a side grows),
    `letterbox` keeps the proportions and fills up with gray.
    """
    height, width = pixels.shape[:2]
    if mode in ("stretch", "area"):
        reduces = size[0] <= width and size[1] <= height
        averaging = mode == "area" and reduces
        small = cv2.resize(
            pixels, size, interpolation=cv2.INTER_AREA if averaging else cv2.INTER_LINEAR
        )
        return small, Placement(width, height, width / size[0], height / size[1])  # type: ignore[return-value]
    scale = min(size[0] / width, size[1] / height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas = np.full((size[1], size[0], 3), _LETTERBOX_GRAY, np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(pixels, inner)
    return canvas, Placement(width, height, width / inner[0], height / inner[1], left, top)
