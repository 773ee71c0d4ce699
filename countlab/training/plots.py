"""Pictures about pictures: a sheet of many, a heat map over one, a confusion matrix to look at.

Red-green-blue bytes in and out, so that a notebook shows them with `PIL.Image.fromarray`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

_TITLE = 18  # pixels of height for a line of text
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def sheet(
    pictures: Sequence[Picture], titles: Sequence[str] = (), *, columns: int = 8, side: int = 112
) -> Picture:
    """Many pictures in rows, each with a line of text below it."""
    rows = math.ceil(len(pictures) / columns)
    tall = side + (_TITLE if titles else 0)
    page = np.full((rows * tall, min(columns, len(pictures)) * side, 3), 255, np.uint8)
    for at, picture in enumerate(pictures):
        top, left = at // columns * tall, at % columns * side
        page[top : top + side, left : left + side] = _fitted(picture, side)
        if titles:
            place = (left + 3, top + side + 13)
            cv2.putText(page, _plain(titles[at]), place, _FONT, 0.4, (20, 20, 20), 1, cv2.LINE_AA)
    return page


def heat_map(picture: Picture, cam: npt.NDArray[Any]) -> Picture:
    """What speaks for a class shines over the greyed picture; what speaks against it does not."""
    strength = np.maximum(cam, 0).astype(np.float32)
    strength /= max(float(strength.max()), 1e-6)
    size = (picture.shape[1], picture.shape[0])
    strength = np.asarray(cv2.resize(strength, size, interpolation=cv2.INTER_CUBIC)).clip(0, 1)
    colours: Any = cv2.applyColorMap((strength * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    grey: Any = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    share = 0.25 + 0.5 * strength[:, :, None]
    mixed = grey[:, :, None] * (1 - share) + colours[:, :, ::-1] * share
    return np.asarray(np.rint(mixed).clip(0, 255), np.uint8)


def confusion_picture(table: Sequence[Sequence[int]], classes: Sequence[str]) -> Picture:
    """Rows are what it was, columns what the model said; darker is more of the row."""
    cell, edge = 56, 92
    size = edge + cell * len(classes)
    page = np.full((size, size, 3), 255, np.uint8)
    for row, numbers in enumerate(table):
        _write(page, classes[row], 4, edge + row * cell + 32)
        _write(page, classes[row], edge + row * cell + 2, edge - 8)
        for column, number in enumerate(numbers):
            share = number / max(1, sum(numbers))
            base = np.array((47, 125, 91) if row == column else (194, 91, 63))
            left, top = edge + column * cell, edge + row * cell
            page[top : top + cell - 2, left : left + cell - 2] = 255 - (255 - base) * share
            if number:
                _write(page, str(number), left + 8, top + 32, light=share > 0.5)
    return page


def _fitted(picture: Picture, side: int) -> Picture:
    if picture.ndim == 2 or picture.shape[2] == 1:
        picture = np.repeat(picture.reshape(*picture.shape[:2], 1), 3, axis=2)
    interpolation = cv2.INTER_AREA if min(picture.shape[:2]) > side else cv2.INTER_NEAREST
    inner = side - 4
    framed = np.full((side, side, 3), 255, np.uint8)
    framed[2:-2, 2:-2] = cv2.resize(picture, (inner, inner), interpolation=interpolation)
    return framed


def _write(page: Picture, text: str, left: int, base: int, *, light: bool = False) -> None:
    ink = (255, 255, 255) if light else (20, 20, 20)
    cv2.putText(page, _plain(text)[:9], (left, base), _FONT, 0.42, ink, 1, cv2.LINE_AA)


def _plain(text: str) -> str:
    """OpenCV's letters know ASCII alone."""
    return text.encode("ascii", "replace").decode()
