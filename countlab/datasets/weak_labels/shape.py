"""Labelling function: is there a dark eight-sided shape in the picture?

Outlines of dark areas are brought to a common width and height, and their distance from the middle
is followed once around: an octagon's rises and falls eight times, a circle's not at all, a
square's four times.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from countlab.imaging.picture import Pixels

_MAX_SIDE_PX, _MOST_ENLARGED = 1000, 2.0
"""Small pictures are enlarged: an outline of thirty pixels has no corners otherwise."""
_LEAST_SIDE_PX = 18
_DARKNESSES = (45, 60, 75, 90, 105, 120)
"""Upper bounds of the brightest channel: print in a shop's photo is seldom quite black."""
_ANGLES = 64
_LEAST_EIGHTH, _MOST_OTHER, _LEAST_RATIO = 0.012, 0.02, 1.2
"""Of the mean radius: a regular octagon has 0.022 in the eighth harmonic, worn ones less."""
_LEAST_SOLID = 0.7
"""Of the hull: letters that touch the edge bite into the outline."""
_MOST_ASPECT = 1.8


class Shape(NamedTuple):
    """A dark octagon: its box in pixels of the picture, and how clear it is (0 to 1)."""

    left: int
    top: int
    right: int
    bottom: int
    clarity: float


def find_octagons(pixels: Pixels) -> list[Shape]:
    """The clearest first."""
    height, width = pixels.shape[:2]
    scale = min(_MOST_ENLARGED, _MAX_SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    brightest = np.asarray(cv2.resize(pixels, size, interpolation=way)).max(2)
    found: list[Shape] = []
    for darkness in _DARKNESSES:
        mask = (brightest < darkness).astype(np.uint8)
        outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            clarity = _clarity(outline, size, least_side=_LEAST_SIDE_PX * scale)
            if clarity:
                x, y, w, h = (side / scale for side in cv2.boundingRect(outline))
                found.append(Shape(round(x), round(y), round(x + w), round(y + h), clarity))
    return _each_once(sorted(found, key=lambda shape: -shape.clarity))


def _clarity(outline: Any, size: tuple[int, int], *, least_side: float) -> float:
    """How much of an octagon it is: 0 for what is none."""
    width, height = cv2.boundingRect(outline)[2:]
    low, high = sorted((width, height))
    if low < least_side or high > _MOST_ASPECT * low:
        return 0.0
    if width >= 0.98 * size[0] or height >= 0.98 * size[1]:
        return 0.0
    hull: Any = cv2.convexHull(outline)
    area = cv2.contourArea(hull)
    if cv2.contourArea(outline) < _LEAST_SOLID * area or not 0.7 < area / (width * height) < 0.9:
        return 0.0
    radii = _radii(hull.reshape(-1, 2).astype(np.float64))
    waves = np.abs(np.fft.rfft(radii))[1:] / radii.sum() * 2
    eighth, others = waves[7], waves[[2, 3, 4, 5, 6]].max()
    if eighth < _LEAST_EIGHTH or others > _MOST_OTHER or eighth < _LEAST_RATIO * others:
        return 0.0
    return float(min(1.0, eighth / 0.022))


def _radii(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The outline's distance from its middle at equal angles, once width and height are alike."""
    closed = np.vstack([corners, corners[:1]])
    steps = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    places = np.concatenate([[0], steps.cumsum()])
    at = np.linspace(0, places[-1], 512, endpoint=False)
    points = np.stack([np.interp(at, places, closed[:, i]) for i in (0, 1)], 1)
    points -= points.mean(0)
    values, vectors = np.linalg.eigh(np.cov(points.T))
    points = points @ vectors / np.sqrt(np.maximum(values, 1e-6))
    angles = np.arctan2(points[:, 1], points[:, 0])
    order = np.argsort(angles)
    wanted = np.linspace(-np.pi, np.pi, _ANGLES, endpoint=False)
    lengths = np.linalg.norm(points, axis=1)
    return np.asarray(np.interp(wanted, angles[order], lengths[order], period=2 * np.pi))


def _each_once(shapes: list[Shape]) -> list[Shape]:
    """One and the same shape is found at several darknesses."""
    kept: list[Shape] = []
    for shape in shapes:
        middle = (shape.left + shape.right) / 2, (shape.top + shape.bottom) / 2
        inside = any(
            other.left <= middle[0] <= other.right and other.top <= middle[1] <= other.bottom
            for other in kept
        )
        if not inside:
            kept.append(shape)
    return kept
