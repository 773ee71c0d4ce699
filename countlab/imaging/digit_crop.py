"""A digit cut out of a photograph and laid as MNIST lays its digits: white on black, 28 × 28.

Dark ink on light paper and white on black come out alike. The shadow on the paper is taken off,
the stroke is found by its contrast, scaled into 20 × 20 and centred by its mass. Knows nothing of
models.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from countlab.imaging.picture import Pixels

Grey = npt.NDArray[np.uint8]

SIDE, BODY = 28, 20
"""MNIST's picture, and the square within it that the digit fills."""
_LOOK_AT = 224  # pixels along the longest side: enough for a stroke, cheap to filter
_SMALL = 64  # below this a picture is all digit: no shadow, no paper around it
_WIDEST_STROKE = 0.3  # of the longest side; what is wider belongs to the background
_FAINTEST = 24  # of 255; less contrast than this is paper, not ink


def crop_digit(pixels: Pixels) -> Grey:
    """The digit of an upright picture (rows of blue, green, red bytes); black if there is none."""
    grey: Grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    longest = max(grey.shape)
    if longest > _LOOK_AT:
        scale = _LOOK_AT / longest
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _centred(_digit_alone(_ink(grey)))


def _ink(grey: Grey) -> Grey:
    """How much each pixel differs from the paper under it; ink is light here, paper black."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(border))
    dark_ink = paper > (float(grey.min()) + float(grey.max())) / 2
    values: Grey = 255 - grey if dark_ink else grey
    if max(grey.shape) < _SMALL:
        background: Any = np.uint8(255 - paper if dark_ink else paper)
    else:
        values = np.asarray(cv2.GaussianBlur(values, (3, 3), 0), np.uint8)
        side = int(_WIDEST_STROKE * max(grey.shape)) | 1
        brush = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
        background = cv2.morphologyEx(values, cv2.MORPH_OPEN, brush)
        background = cv2.blur(background, (side, side), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.subtract(values, np.broadcast_to(background, values.shape)), np.uint8)


def _digit_alone(ink: Grey) -> Grey:
    """The ink of the main stroke and of what belongs to it; specks and the table's edge go."""
    strongest = float(np.percentile(ink, 99.5)) if ink.size > 400 else float(ink.max(initial=0))
    if strongest < _FAINTEST:
        return np.zeros((1, 1), np.uint8)
    level, _ = cv2.threshold(ink, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    mask = (ink > max(min(level, 0.6 * strongest), 0.25 * strongest)).astype(np.uint8)
    number, parts, sizes, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    kept = [part for part in range(1, number) if part in _belonging(sizes, ink.shape)]
    digit = np.isin(parts, kept).astype(np.uint8)
    if max(ink.shape) >= _SMALL:  # the soft edge of the stroke belongs to it
        digit = np.asarray(cv2.dilate(digit, np.ones((3, 3), np.uint8)), np.uint8)
        rows, columns = np.nonzero(digit)
        ink = ink * digit
    else:
        rows, columns = np.nonzero((ink > 0) & (cv2.dilate(digit, np.ones((3, 3), np.uint8)) > 0))
    body = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return np.asarray(np.minimum(body.astype(np.float32) * (255 / strongest), 255), np.uint8)


def _belonging(sizes: Any, shape: tuple[int, ...]) -> list[int]:
    """The largest part that stands free of the picture's edge, and parts not much smaller."""
    height, width = shape[:2]
    free, areas = [], {}
    for part in range(1, len(sizes)):
        left, top, wide, high, area = (int(value) for value in sizes[part])
        areas[part] = area
        if left > 0 and top > 0 and left + wide < width and top + high < height:
            free.append(part)
    largest = max(areas.values(), default=0)
    standing = [part for part in free if areas[part] >= 0.15 * largest]
    if max(shape) < _SMALL or not standing:
        return [part for part, area in areas.items() if area >= 0.05 * largest]
    main = max(areas[part] for part in standing)
    return [part for part in free if areas[part] >= 0.08 * main]


def _centred(digit: Grey) -> Grey:
    """Scaled into the body, brightened to white, its centre of mass in the middle."""
    picture = np.zeros((SIDE, SIDE), np.uint8)
    scale = BODY / max(digit.shape)
    size = (max(1, round(digit.shape[1] * scale)), max(1, round(digit.shape[0] * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    body = cv2.resize(digit, size, interpolation=interpolation).astype(np.float32)
    mass, brightest = float(body.sum()), float(body.max())
    if mass == 0:
        return picture
    body *= 255 / brightest
    rows, columns = np.indices(body.shape)
    mass = float(body.sum())
    top = round((SIDE - 1) / 2 - float((rows * body).sum()) / mass)
    left = round((SIDE - 1) / 2 - float((columns * body).sum()) / mass)
    top = min(max(top, 0), SIDE - body.shape[0])
    left = min(max(left, 0), SIDE - body.shape[1])
    picture[top : top + body.shape[0], left : left + body.shape[1]] = np.rint(body)
    return picture
