"""Packages as surfaces in space: boxes, pouches, bodies of revolution. Needs no Blender.

Meters; the lowest point is at z = 0, the front looks toward −y. A surface that carries print has
coordinates on it (u to the right, v up), which materials read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recipes.octagons.packages import FRONTS

Floats = npt.NDArray[np.float64]
_AROUND = 96


@dataclass(frozen=True)
class Patch:
    """A grid of points (rows, columns, 3), its coordinates on the print, and what it is made of."""

    points: Floats
    uv: Floats
    slot: str
    """`print`, `body`, `cap` or `plain`."""


@dataclass(frozen=True)
class Body:
    """`front` is the share that a front takes of the print around the body."""

    patches: tuple[Patch, ...]
    front: float

    @property
    def slots(self) -> tuple[str, ...]:
        return tuple(sorted({patch.slot for patch in self.patches}))

    @property
    def points(self) -> Floats:
        return np.concatenate([patch.points.reshape(-1, 3) for patch in self.patches])


def body(form: str, height_m: float, random: np.random.Generator) -> Body:
    """A package of this form, as its print's proportions ask."""
    across, down = FRONTS[form]
    if form in ("box", "carton"):
        deep = {"box": 0.3, "carton": 0.75}[form] * random.uniform(0.75, 1.25)
        return box(height_m * across / down, deep * height_m * across / down, height_m)
    if form == "bag":
        return pouch(height_m * across / down, height_m, random, sealed="ends")
    if form == "bar":
        return pouch(height_m * across / down, height_m, random, sealed="sides")
    return round_body(form, height_m, random)


def box(width: float, depth: float, height: float, edge: float = 0.0016) -> Body:
    """A carton with slightly rounded upright edges."""
    turns = np.linspace(0, np.pi / 2, 5)
    corner = np.stack([1 - np.sin(turns), 1 - np.cos(turns)], 1) * edge  # from the side inward
    x, y = width / 2, depth / 2
    left_back = np.stack([-x + corner[::-1, 0], y - corner[::-1, 1]], 1)
    left_front = np.stack([-x + corner[:, 0], -y + corner[:, 1]], 1)[::1]
    left = np.concatenate([[(0.0, y)], left_back, left_front, [(0.0, -y)]])
    right = left[::-1][1:] * (-1, 1)
    section = np.concatenate([left, right])
    wall = _wrap(section, np.linspace(0, height, 2), np.ones(2), "print")
    lids = [_lid(section, z, "plain", up=bool(z)) for z in (0.0, height)]
    around = float(np.hypot(*np.diff(section, axis=0).T).sum())
    return Body((wall, *lids), width / around)


def _wrap(section: Floats, heights: Floats, scales: Floats, slot: str) -> Patch:
    """A closed line (from the middle of the back over the left to the back) drawn upward."""
    lengths = np.hypot(*np.diff(section, axis=0).T)
    u = np.concatenate([[0], np.cumsum(lengths)]) / lengths.sum()
    points = np.empty((len(heights), len(section), 3))
    points[..., :2] = section[None] * scales[:, None, None]
    points[..., 2] = heights[:, None]
    span = heights[-1] - heights[0]
    v = (heights - heights[0]) / span if span else np.zeros(len(heights))
    uv = np.stack(np.broadcast_arrays(u[None, :], v[:, None]), -1)
    return Patch(points, uv, slot)


def _lid(section: Floats, height: float, slot: str, *, up: bool) -> Patch:
    scales = np.array((1.0, 0.5, 0.001) if up else (0.001, 0.5, 1.0))
    points = np.empty((3, len(section), 3))
    points[..., :2] = section[None] * scales[:, None, None]
    points[..., 2] = height
    return Patch(points, np.zeros((3, len(section), 2)), slot)


def pouch(width: float, height: float, random: np.random.Generator, *, sealed: str) -> Body:
    """Film around something soft, pressed flat at both `ends` or at both `sides`."""
    rows, columns = (90, 70) if sealed == "ends" else (60, 110)
    u, v = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    along, across = (v, u) if sealed == "ends" else (u, v)
    length, girth = (height, width) if sealed == "ends" else (width, height)
    seal = 0.045 if sealed == "ends" else 0.06
    inner = np.clip((along - seal) / (1 - 2 * seal), 0, 1)
    swell = np.sin(np.pi * inner) ** random.uniform(0.4, 0.6)
    dome = np.clip(1 - np.abs(2 * across - 1) ** random.uniform(2.0, 3.0), 0, 1) ** 0.6 * swell
    thick = girth * (random.uniform(0.3, 0.46) if sealed == "ends" else random.uniform(0.3, 0.45))
    near_seal = np.exp(-np.minimum(inner, 1 - inner) / 0.09) * (inner > 0) * (inner < 1)
    narrow = 1 - random.uniform(0.05, 0.11) * swell
    edge = 0.5 + (across - 0.5) * narrow
    edge += 0.006 * _waves(random, along * length, along * 0, girth * 0.25)
    ripple = 0.004 * girth * np.sin(across * 9 + random.uniform(0, 6))
    patches = []
    for side in (-1, 1):
        folds = _waves(random, along * length, across * girth, girth * 0.4) * 0.5
        folds += _waves(random, along * length, across * girth, girth * 0.16) * 0.22
        pleats = np.sin(
            across * random.uniform(34, 60)
            + 2.4 * _waves(random, along * length, across * girth, girth * 0.3)
        )
        free = np.clip(dome * 3, 0, 1)
        out = dome * thick / 2 + girth * (0.013 * folds * free + 0.011 * pleats * near_seal)
        points = np.stack(
            [
                ((edge if sealed == "ends" else along) - 0.5) * width,
                side * np.maximum(out, 0.0003) + ripple * (1 - free),
                (along if sealed == "ends" else edge) * height,
            ],
            -1,
        )
        uv = np.stack([u, v], -1)
        patches.append(
            Patch(points if side < 0 else points[:, ::-1], uv, "print" if side < 0 else "plain")
        )
    return Body(tuple(patches), 1.0)


def _waves(random: np.random.Generator, a: Floats, b: Floats, wavelength: float) -> Floats:
    """Smooth unevenness, about −1 to 1."""
    total = np.zeros(a.shape)
    for _ in range(6):
        turn = random.uniform(0, 2 * np.pi)
        k = 2 * np.pi / (wavelength * random.uniform(0.7, 1.6))
        total += np.sin(k * (a * np.cos(turn) + b * np.sin(turn)) + random.uniform(0, 6.3))
    return total / 6**0.5


_WIDTHS = {"tin": (0.8, 1.0), "tub": (1.08, 1.4), "jar": (0.72, 0.9), "bottle": (0.4, 0.46)}
"""Of the height: an undistorted front then takes less than half of the way around."""
_LABELS = {"tin": (0.05, 0.95), "tub": (0.04, 0.87), "jar": (0.1, 0.7), "bottle": (0.1, 0.54)}
_PROFILES: dict[str, Sequence[tuple[float, float, str]]] = {  # height, width (shares), what of
    "tin": (
        (0.0, 0.96, "body"), (0.004, 1.0, "body"), (0.016, 1.0, "body"), (0.024, 0.965, "body"),
        (0.05, 0.965, "print"), (0.95, 0.965, "body"), (0.976, 0.965, "body"), (0.984, 1.0, "body"),
        (0.996, 1.0, "body"), (1.0, 0.975, "body"), (0.997, 0.945, "body"), (0.975, 0.94, "body"),
    ),
    "tub": (
        (0.0, 0.79, "body"), (0.012, 0.81, "body"), (0.04, 0.815, "print"), (0.87, 0.94, "body"),
        (0.885, 0.945, "body"), (0.89, 1.0, "cap"), (0.985, 1.0, "cap"), (0.994, 0.985, "cap"),
        (0.994, 0.93, "cap"), (0.978, 0.91, "cap"),
    ),
    "jar": (
        (0.0, 0.86, "body"), (0.008, 0.92, "body"), (0.03, 0.975, "body"), (0.07, 1.0, "body"),
        (0.1, 1.0, "print"), (0.7, 1.0, "body"), (0.76, 0.985, "body"), (0.8, 0.94, "body"),
        (0.835, 0.86, "body"), (0.85, 0.8, "body"), (0.862, 0.8, "body"), (0.863, 0.87, "cap"),
        (0.985, 0.87, "cap"), (0.995, 0.855, "cap"), (1.0, 0.82, "cap"),
    ),
    "bottle": (
        (0.0, 0.84, "body"), (0.005, 0.93, "body"), (0.02, 0.985, "body"), (0.04, 1.0, "body"),
        (0.1, 1.0, "print"), (0.54, 1.0, "body"), (0.6, 0.99, "body"), (0.66, 0.93, "body"),
        (0.72, 0.8, "body"), (0.78, 0.61, "body"), (0.83, 0.44, "body"), (0.87, 0.34, "body"),
        (0.9, 0.3, "body"), (0.915, 0.3, "body"), (0.916, 0.37, "cap"), (0.988, 0.37, "cap"),
        (0.997, 0.35, "cap"), (1.0, 0.32, "cap"),
    ),
}  # fmt: skip


def round_body(form: str, height: float, random: np.random.Generator) -> Body:
    """A body of revolution with a label around it."""
    radius = height * random.uniform(*_WIDTHS[form]) / 2
    turn = np.linspace(0, 2 * np.pi, _AROUND + 1)
    section = np.stack([-np.sin(turn), np.cos(turn)], 1) * radius
    profile = _PROFILES[form]
    patches = []
    first = 0
    for at in range(1, len(profile)):
        last = at == len(profile) - 1
        if not last and profile[at][2] == profile[first][2]:
            continue
        stops = profile[first : at + 1]
        heights = np.array([h for h, _, _ in stops]) * height
        scales = np.array([w for _, w, _ in stops])
        patches.append(_wrap(section, heights, scales, stops[0][2]))
        first = at
    top = profile[-1]
    patches.append(_lid(section * top[1], top[0] * height, top[2], up=True))
    patches.append(_lid(section * profile[0][1], 0.0, "body", up=False))
    low, high = _LABELS[form]
    across, down = FRONTS[form]
    label_width = next(w for h, w, slot in profile if slot == "print") * radius
    arc = (high - low) * height * across / down
    return Body(tuple(patches), min(0.5, arc / (2 * np.pi * label_width)))
