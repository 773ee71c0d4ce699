"""Bottles, jars, tins, tubs: bodies of revolution with a label around them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from recipes.octagons.artwork import Artwork
from recipes.octagons.layer import Layer

_PROFILES = {  # width at heights from top to bottom, both as shares
    "tin": ((0, 1.0), (1, 1.0)),
    "tub": ((0, 1.0), (0.1, 1.0), (0.11, 0.95), (1, 0.8)),
    "jar": ((0, 0.86), (0.14, 0.86), (0.15, 0.8), (0.25, 1.0), (0.94, 1.0), (1, 0.9)),
    "bottle": (
        (0, 0.34),
        (0.09, 0.34),
        (0.1, 0.28),
        (0.2, 0.32),
        (0.4, 1.0),
        (0.97, 1.0),
        (1, 0.93),
    ),
}
_LABELS = {"tin": (0.05, 0.95), "tub": (0.13, 0.96), "jar": (0.3, 0.9), "bottle": (0.46, 0.9)}
_SLENDER = {"tin": (0.6, 0.95), "tub": (1.0, 1.4), "jar": (0.6, 0.85), "bottle": (0.3, 0.42)}


def round_package(form: str, art: Artwork, height: int, random: np.random.Generator) -> Layer:
    """A body of revolution: what is printed wraps around it, what is not is its material."""
    wide = int(height * random.uniform(*_SLENDER[form]))
    sag = wide * random.uniform(0.02, 0.085)
    high = int(height + 2 * sag)
    ys, xs = np.mgrid[0:high, 0:wide].astype(np.float32)
    across = (xs - (wide - 1) / 2) / (wide / 2)
    stops, widths = zip(*_PROFILES[form], strict=True)
    t = np.clip((ys - sag) / height, -0.2, 1.2)
    for _ in range(2):  # the curve of a ring depends on how wide the body is at that ring
        radius = np.interp(np.clip(t, 0, 1), stops, widths).astype(np.float32)
        s = np.clip(across / radius, -1, 1)
        t = (ys - sag - sag * radius * np.sqrt(1 - s**2)) / height
    inside = np.clip((1 - np.abs(across) / radius) * wide / 2.4, 0, 1)
    lid = np.clip(1 - np.hypot(across / widths[0], (ys - sag) / max(1.0, sag * widths[0])), 0, 1)
    alpha = inside * np.clip((1 - t) * height / 1.5, 0, 1)
    alpha *= np.clip(t * height / 1.5 + 1, 0, 1)
    top = np.clip(lid * 30, 0, 1) * (t < 0.02)
    alpha = np.maximum(alpha, top)
    angle = np.arcsin(s)
    span = np.radians(random.uniform(140, 185))
    u = 0.5 + (angle + np.radians(random.uniform(-16, 16))) / span
    begin, end = _LABELS[form]
    v = (t - begin) / (end - begin)
    on_label = (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)
    map_x = (u * (art.rgb.shape[1] - 1)).astype(np.float32)
    map_y = (v * (art.rgb.shape[0] - 1)).astype(np.float32)
    rgb = cv2.remap(
        art.rgb, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float32)
    marks = cv2.remap(art.numbers, map_x, map_y, cv2.INTER_NEAREST)
    marks[~on_label] = 0
    bare = (v < 0) | (v > 1)
    material = _material(form, t, s, random)
    rgb = np.where(bare[:, :, None], material, rgb)
    light = 0.62 + 0.42 * np.cos(angle - np.radians(random.uniform(-45, 45)))
    shine = np.exp(-(((s - random.uniform(-0.7, 0.7)) / random.uniform(0.05, 0.16)) ** 2))
    strength = random.uniform(20, 130) * (0.5 + 0.5 * (form in ("tin", "bottle")))
    rgb = rgb * light[:, :, None] + (shine * strength)[:, :, None]
    cover = _cover(form, random)
    rgb = rgb * (1 - top[:, :, None]) + cover * top[:, :, None]
    return Layer(rgb.clip(0, 255).astype(np.float32), alpha.astype(np.float32), marks)


def _material(form: str, t: Any, s: Any, random: np.random.Generator) -> Any:
    """What shows above and below the label: metal, glass with what is in it, plastic."""
    if form == "tin":
        ridges = 0.85 + 0.15 * np.sin(s * 9 + 1) + 0.08 * np.sin(t * 900)
        return np.array((206, 208, 214), np.float32) * ridges[:, :, None]
    content = np.array(
        random.choice(
            [
                (150, 40, 30),
                (90, 52, 28),
                (222, 160, 60),
                (240, 232, 214),
                (70, 110, 50),
                (120, 170, 190),
            ]
        ),
        np.float32,
    )
    cap = np.array(
        random.choice(
            [(200, 30, 40), (230, 190, 60), (240, 240, 240), (30, 90, 60), (40, 60, 130)]
        ),
        np.float32,
    )
    if form == "tub":
        content = cap * 0.4 + 150
    ends = {"jar": 0.145, "bottle": 0.095, "tub": 0.105}[form]
    lines = 0.93 + 0.07 * np.sin(s * 70)
    body = content * (0.9 + 0.15 * (1 - np.abs(s)))[:, :, None]
    return np.where((t < ends)[:, :, None], cap * lines[:, :, None], body)


def _cover(form: str, random: np.random.Generator) -> Any:
    if form == "tin":
        return np.array((222, 224, 228), np.float32)
    return np.array(random.choice([(210, 60, 60), (236, 220, 190), (244, 244, 244)]), np.float32)
