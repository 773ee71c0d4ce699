"""Geometry: a photo or a cut-out, seen again from a slightly different place.

Owns the warps and what they do to boxes. Colour is wear.py's business.
"""

import math
from dataclasses import replace

import cv2
import numpy as np

from recipes.fruits.labels import IGNORED
from recipes.fruits.material import Photo

COUNTED = 0.3  # a fruit with this part visible keeps its box; the rule says about a quarter
QUARTER = 0.15  # of the photos lie on their side: bananas and bottles stand and lie alike
SEEN = 0.1  # between the two it is ignored, below it is background

Rng = np.random.Generator


def view(
    photo: Photo, width: int, height: int, rng: Rng, *, calm: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """A new view of a photo, width x height, with the boxes that are still in it.

    A `calm` one is mostly framed as the photo was.
    """
    if rng.random() < QUARTER:
        photo = quarter_turned(photo)
    tall, wide = photo.pixels.shape[:2]
    fit_x, fit_y = width / wide, height / tall
    if rng.random() < 0.35:  # keep the photo's proportions; otherwise squash, as inference does
        fit_x = fit_y = min(fit_x, fit_y) if rng.random() < 0.6 else max(fit_x, fit_y)
    far, middle, spread = (0.07, 0.0, 0.15) if calm else (0.15, -0.08, 0.28)
    zoom = rng.uniform(0.3, 0.8) if rng.random() < far else math.exp(rng.normal(middle, spread))
    stretch = math.exp(rng.normal(0, 0.12))
    angle = math.radians(rng.normal(0, 7)) if rng.random() < 0.7 else 0.0
    shear = rng.normal(0, 0.06)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    scale_x, scale_y = fit_x * zoom * stretch * mirror, fit_y * zoom / stretch
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, shear], [0, 1]])
    linear = turn @ np.diag([scale_x, scale_y])
    slack_x = abs(width - wide * abs(scale_x)) / 2 + 0.06 * width
    slack_y = abs(height - tall * abs(scale_y)) / 2 + 0.06 * height
    centre = np.array([width / 2, height / 2])
    centre += rng.uniform(-1, 1, 2) * np.array([slack_x, slack_y])
    shift = centre - linear @ np.array([wide / 2, tall / 2])
    matrix = np.column_stack([linear, shift])
    pixels = cv2.warpAffine(
        photo.pixels,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR if zoom * max(fit_x, fit_y) > 0.6 else cv2.INTER_AREA,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_fill(photo.pixels, rng),
    )
    return pixels, moved(photo.rows, matrix, width, height)


def quarter_turned(photo: Photo) -> Photo:
    """The photo lying on its side. Boxes stay tight; with the mirror, both sides come up."""
    wide = photo.pixels.shape[1]
    rows = photo.rows[:, [0, 2, 1, 4, 3]]
    rows[:, [2, 4]] = wide - photo.rows[:, [3, 1]]
    return replace(photo, pixels=np.rot90(photo.pixels).copy(), rows=rows)


def part_of(photo: Photo, rng: Rng) -> Photo:
    """A third to three quarters of a photo without boxes: a few teach as if they were more."""
    tall, wide = photo.pixels.shape[:2]
    high, broad = (int(side * rng.uniform(0.33, 0.75)) for side in (tall, wide))
    top, left = int(rng.integers(tall - high + 1)), int(rng.integers(wide - broad + 1))
    return replace(photo, pixels=photo.pixels[top : top + high, left : left + broad])


def _fill(pixels: np.ndarray, rng: Rng) -> tuple[float, ...]:
    """What lies outside the photo: its own edge's colour, so that no frame gives it away."""
    if rng.random() < 0.15:
        return tuple(float(v) for v in rng.integers(0, 256, 3))
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(float(v) for v in np.median(edge, axis=0))


def moved(rows: np.ndarray, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes after a warp; what is mostly outside becomes an ignored region or goes.

    A fruit is nearer to the ellipse in its box than to the box's corners, so a turned box is
    taken half way between the two.
    """
    if not len(rows):
        return rows
    half = np.stack([rows[:, 3] - rows[:, 1], rows[:, 4] - rows[:, 2]], axis=1) / 2
    centre = np.stack([rows[:, 3] + rows[:, 1], rows[:, 4] + rows[:, 2]], axis=1) / 2
    linear = matrix[:, :2]
    centre = centre @ linear.T + matrix[:, 2]
    round_half = np.sqrt((half**2) @ (linear.T**2))
    corner_half = half @ np.abs(linear.T)
    half = 0.6 * round_half + 0.4 * corner_half
    boxes = np.concatenate([centre - half, centre + half], axis=1)
    return clipped(np.column_stack([rows[:, 0], boxes]).astype(np.float32), width, height)


def clipped(rows: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes cut at the picture's edge, by how much of each is left."""
    full = (rows[:, 3] - rows[:, 1]) * (rows[:, 4] - rows[:, 2])
    cut = rows.copy()
    cut[:, 1::2] = cut[:, 1::2].clip(0, width)
    cut[:, 2::2] = cut[:, 2::2].clip(0, height)
    left = (cut[:, 3] - cut[:, 1]) * (cut[:, 4] - cut[:, 2]) / np.maximum(full, 1)
    small = np.minimum(cut[:, 3] - cut[:, 1], cut[:, 4] - cut[:, 2]) < 8
    return judged(cut, left, small)


def judged(rows: np.ndarray, left: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Keep, ignore or drop each box by its visible part."""
    rows = rows.copy()
    rows[(left < COUNTED) | small, 0] = IGNORED
    flat = np.minimum(rows[:, 3] - rows[:, 1], rows[:, 4] - rows[:, 2]) < 2
    return rows[(left >= SEEN) & ~flat]


def cutout_view(
    pixels: np.ndarray, parts: np.ndarray, longest: float, angle: float, rng: Rng
) -> tuple[np.ndarray, np.ndarray]:
    """A cut-out turned, perhaps mirrored, and brought to `longest` pixels; its boxes with it."""
    tall, wide = pixels.shape[:2]
    scale = longest / max(tall, wide)
    stretch = math.exp(rng.normal(0, 0.06))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag(
        [scale * stretch * mirror, scale / stretch]
    )
    corners = np.abs(linear) @ np.array([wide / 2, tall / 2])
    width, height = (math.ceil(2 * c) + 2 for c in corners)
    shift = np.array([width / 2, height / 2]) - linear @ np.array([wide / 2, tall / 2])
    matrix = np.column_stack([linear, shift])
    if scale < 0.5:  # a warp alone would skip pixels
        pixels = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix[:, :2] *= 2
    seen = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR)
    if scale < 0.5:
        matrix[:, :2] /= 2
    numbered = np.column_stack([np.arange(len(parts)), parts]).astype(np.float32)
    return seen, moved(numbered, matrix, width, height)[:, 1:] if len(parts) else parts
