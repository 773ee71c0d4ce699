"""Geometric augmentation: random views of photos and transformed cut-outs, with their boxes.

Colors are changed in photometric_augmentation.py.
"""

import math
from dataclasses import replace

import cv2
import numpy as np

from recipes.fruits.labels import IGNORED
from recipes.fruits.training_data import Photo

MIN_COUNTED = 0.3  # visible share from which a fruit keeps its box; the labels' rule is a quarter
QUARTER_TURN_SHARE = (
    0.15  # share of photos rotated by 90 degrees: bananas and bottles both stand and lie
)
MIN_IGNORED = 0.1  # visible share below which a fruit is background; between the two it is ignored

Rng = np.random.Generator


def random_view(
    photo: Photo, width: int, height: int, rng: Rng, *, calm: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """A random view of a photo, width x height, with the boxes that are still in it.

    A `calm` view is mostly framed like the photo.
    """
    if rng.random() < QUARTER_TURN_SHARE:
        photo = rotate_quarter_turn(photo)
    photo_height, photo_width = photo.pixels.shape[:2]
    fit_x, fit_y = width / photo_width, height / photo_height
    if rng.random() < 0.35:  # keep the aspect ratio; otherwise squash, as inference does
        fit_x = fit_y = min(fit_x, fit_y) if rng.random() < 0.6 else max(fit_x, fit_y)
    far_share, zoom_mean, zoom_spread = (0.07, 0.0, 0.15) if calm else (0.15, -0.08, 0.28)
    zoom = (
        rng.uniform(0.3, 0.8)
        if rng.random() < far_share
        else math.exp(rng.normal(zoom_mean, zoom_spread))
    )
    stretch = math.exp(rng.normal(0, 0.12))
    angle = math.radians(rng.normal(0, 7)) if rng.random() < 0.7 else 0.0
    shear = rng.normal(0, 0.06)
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    scale_x, scale_y = fit_x * zoom * stretch * mirror, fit_y * zoom / stretch
    cos, sin = math.cos(angle), math.sin(angle)
    rotation = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, shear], [0, 1]])
    linear = rotation @ np.diag([scale_x, scale_y])
    slack_x = abs(width - photo_width * abs(scale_x)) / 2 + 0.06 * width
    slack_y = abs(height - photo_height * abs(scale_y)) / 2 + 0.06 * height
    center = np.array([width / 2, height / 2])
    center += rng.uniform(-1, 1, 2) * np.array([slack_x, slack_y])
    shift = center - linear @ np.array([photo_width / 2, photo_height / 2])
    matrix = np.column_stack([linear, shift])
    pixels = cv2.warpAffine(
        photo.pixels,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR if zoom * max(fit_x, fit_y) > 0.6 else cv2.INTER_AREA,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_border_color(photo.pixels, rng),
    )
    return pixels, transform_boxes(photo.rows, matrix, width, height)


def rotate_quarter_turn(photo: Photo) -> Photo:
    """The photo rotated by 90 degrees, boxes still tight; mirroring covers the other direction."""
    width = photo.pixels.shape[1]
    rows = photo.rows[:, [0, 2, 1, 4, 3]]
    rows[:, [2, 4]] = width - photo.rows[:, [3, 1]]
    return replace(photo, pixels=np.rot90(photo.pixels).copy(), rows=rows)


def random_crop(photo: Photo, rng: Rng) -> Photo:
    """A random third to three quarters of a photo without boxes, for more variety."""
    height, width = photo.pixels.shape[:2]
    crop_height, crop_width = (int(side * rng.uniform(0.33, 0.75)) for side in (height, width))
    top, left = (
        int(rng.integers(height - crop_height + 1)),
        int(rng.integers(width - crop_width + 1)),
    )
    return replace(photo, pixels=photo.pixels[top : top + crop_height, left : left + crop_width])


def _border_color(pixels: np.ndarray, rng: Rng) -> tuple[float, ...]:
    """The color outside the photo: its own edge's, so that frames carry no information."""
    if rng.random() < 0.15:
        return tuple(float(v) for v in rng.integers(0, 256, 3))
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return tuple(float(v) for v in np.median(edge, axis=0))


def transform_boxes(rows: np.ndarray, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes after a warp; those mostly outside become ignored regions or are dropped.

    A fruit resembles the ellipse in its box more than the box itself, so the result lies between
    the bounds of the two.
    """
    if not len(rows):
        return rows
    half_size = np.stack([rows[:, 3] - rows[:, 1], rows[:, 4] - rows[:, 2]], axis=1) / 2
    center = np.stack([rows[:, 3] + rows[:, 1], rows[:, 4] + rows[:, 2]], axis=1) / 2
    linear = matrix[:, :2]
    center = center @ linear.T + matrix[:, 2]
    ellipse_half = np.sqrt((half_size**2) @ (linear.T**2))
    box_half = half_size @ np.abs(linear.T)
    half_size = 0.6 * ellipse_half + 0.4 * box_half
    boxes = np.concatenate([center - half_size, center + half_size], axis=1)
    return clip_boxes(np.column_stack([rows[:, 0], boxes]).astype(np.float32), width, height)


def clip_boxes(rows: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes clipped to the picture, filtered by how much of each remains."""
    full_area = (rows[:, 3] - rows[:, 1]) * (rows[:, 4] - rows[:, 2])
    clipped = rows.copy()
    clipped[:, 1::2] = clipped[:, 1::2].clip(0, width)
    clipped[:, 2::2] = clipped[:, 2::2].clip(0, height)
    visible_share = (
        (clipped[:, 3] - clipped[:, 1]) * (clipped[:, 4] - clipped[:, 2]) / np.maximum(full_area, 1)
    )
    is_small = np.minimum(clipped[:, 3] - clipped[:, 1], clipped[:, 4] - clipped[:, 2]) < 8
    return filter_by_visibility(clipped, visible_share, is_small)


def filter_by_visibility(
    rows: np.ndarray, visible_share: np.ndarray, is_small: np.ndarray
) -> np.ndarray:
    """Keep, ignore or drop each box by its visible share."""
    rows = rows.copy()
    rows[(visible_share < MIN_COUNTED) | is_small, 0] = IGNORED
    is_flat = np.minimum(rows[:, 3] - rows[:, 1], rows[:, 4] - rows[:, 2]) < 2
    return rows[(visible_share >= MIN_IGNORED) & ~is_flat]


def transform_cutout(
    pixels: np.ndarray, parts: np.ndarray, longest: float, angle: float, rng: Rng
) -> tuple[np.ndarray, np.ndarray]:
    """A cut-out rotated, perhaps mirrored, and scaled to `longest` pixels, with its boxes."""
    cutout_height, cutout_width = pixels.shape[:2]
    scale = longest / max(cutout_height, cutout_width)
    stretch = math.exp(rng.normal(0, 0.06))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag(
        [scale * stretch * mirror, scale / stretch]
    )
    half_size = np.abs(linear) @ np.array([cutout_width / 2, cutout_height / 2])
    width, height = (math.ceil(2 * half) + 2 for half in half_size)
    shift = np.array([width / 2, height / 2]) - linear @ np.array(
        [cutout_width / 2, cutout_height / 2]
    )
    matrix = np.column_stack([linear, shift])
    if scale < 0.5:  # the warp alone would alias
        pixels = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix[:, :2] *= 2
    warped = cv2.warpAffine(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR)
    if scale < 0.5:
        matrix[:, :2] /= 2
    numbered_parts = np.column_stack([np.arange(len(parts)), parts]).astype(np.float32)
    return warped, transform_boxes(numbered_parts, matrix, width, height)[:, 1:] if len(
        parts
    ) else parts
