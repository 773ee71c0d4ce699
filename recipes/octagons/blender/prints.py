"""What is printed around a whole body: the front in the middle, sides or more ground beside it.

Needs no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recipes.octagons.artwork import Artwork
from recipes.octagons.boxes import side_print
from recipes.octagons.scenes import Scene
from recipes.octagons.stickers import sticker


@dataclass(frozen=True)
class Print:
    """Colours, the octagons that can be seen, and those that were there before a sticker."""

    rgb: npt.NDArray[np.uint8]
    numbers: npt.NDArray[np.uint8]
    whole: npt.NDArray[np.uint8]


def around(art: Artwork, form: str, front: float, random: np.random.Generator) -> Print:
    """`front` is the share of the way around that the front takes."""
    if front >= 1:
        return Print(art.rgb, art.numbers, art.numbers)
    high, wide = art.numbers.shape
    total = round(wide / front)
    left = (total - wide) // 2
    numbers = np.zeros((high, total), np.uint8)
    numbers[:, left : left + wide] = art.numbers
    ground = np.array(art.side, np.float32) * 0.97
    canvas = np.ones((high, total, 3), np.float32) * ground
    if form in ("box", "carton"):
        _print_sides(canvas, art, left, left + wide, random)
    else:
        _continue(canvas, art, left, left + wide)
    canvas[:, left : left + wide] = art.rgb
    rgb = canvas.clip(0, 255).astype(np.uint8)
    return Print(rgb, numbers, numbers)


def _print_sides(
    canvas: npt.NDArray[np.float32],
    art: Artwork,
    left: int,
    right: int,
    random: np.random.Generator,
) -> None:
    """The narrow faces: a table of nutrients and lines of text."""
    import cv2

    high, total = canvas.shape[:2]
    deep = total // 2 - (right - left)
    if deep < 8:
        return
    for start in (left - deep, right):
        face = side_print(art, random)
        canvas[:, start : start + deep] = cv2.resize(
            face, (deep, high), interpolation=cv2.INTER_AREA
        )


def _continue(canvas: npt.NDArray[np.float32], art: Artwork, left: int, right: int) -> None:
    """The front's edges go on and fade into the ground behind."""
    total = canvas.shape[1]
    for edge, columns in ((art.rgb[:, 0], range(left)), (art.rgb[:, -1], range(right, total))):
        at = np.arange(columns.start, columns.stop)
        away = np.minimum(np.abs(at - left), np.abs(at - right)) / max(1, left)
        keep = np.clip(1.6 - 2 * away, 0, 1)[None, :, None].astype(np.float32)
        part = canvas[:, columns.start : columns.stop]
        part *= 1 - keep
        part += edge.astype(np.float32)[:, None, :] * keep


def with_sticker(printed: Print, random: np.random.Generator) -> Print:
    """A price sticker over part of one octagon."""
    number = int(random.integers(1, printed.numbers.max() + 1))
    ys, xs = np.nonzero(printed.numbers == number)
    scene = Scene(printed.rgb.astype(np.float32), printed.numbers.astype(np.int16), [])
    sticker(scene, (int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max())), random)
    rgb = scene.rgb.clip(0, 255).astype(np.uint8)
    return replace(printed, rgb=rgb, numbers=scene.numbers.astype(np.uint8))
