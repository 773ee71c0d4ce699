"""One picture of a design: packages placed, lit, photographed, and the truth about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from recipes.octagons import scenes
from recipes.octagons.artwork import Artwork, artwork
from recipes.octagons.designs import Design
from recipes.octagons.layer import Layer
from recipes.octagons.packages import FRONTS, package
from recipes.octagons.scenes import SIDE, Scene
from recipes.octagons.stickers import sticker

PIXELS = 500
"""Along a side of the picture, as the course's photos are."""
_SMALLEST = 13  # pixels of an octagon's side below which it is not printed so small
_TRIES = 8


@dataclass(frozen=True)
class Octagon:
    """What can be seen of one: its kind, its box in pixels, and how much of it is hidden."""

    kind: str
    left: int
    top: int
    right: int
    bottom: int
    hidden: float

    @property
    def side(self) -> int:
        return max(self.right - self.left, self.bottom - self.top)


@dataclass(frozen=True)
class Photograph:
    """Pixels (blue, green, red), where it was taken, and the octagons in it."""

    pixels: npt.NDArray[np.uint8]
    place: str
    octagons: tuple[Octagon, ...]


def photograph(design: Design, view: int, neighbours: Sequence[Design] = ()) -> Photograph:
    """Taken anew while an octagon is so cut, bent or small that nobody could say it is one."""
    for attempt in range(_TRIES):
        random = np.random.default_rng((design.seed, design.number, 2, view, attempt))
        kind = str(random.choice(["white", "shelf", "table"], p=[0.62, 0.26, 0.12]))
        scene = _scene(kind, design, neighbours, random)
        found = seen(scene)
        if found is not None and len(found) >= min(1, len(design.kinds)):
            return Photograph(developed(scene.rgb, kind, random), kind, tuple(found))
    lone = np.random.default_rng((design.seed, design.number, 3, view))
    scene = _before_white(design, lone, steady=True)
    return Photograph(developed(scene.rgb, "white", lone), "white", tuple(seen(scene) or ()))


@lru_cache(maxsize=48)
def _print(design: Design) -> Artwork:
    return artwork(design, FRONTS[design.form])


def _layer(design: Design, height: int, random: np.random.Generator) -> Layer:
    return package(design.form, _print(design), height, random)


def _scene(
    kind: str, design: Design, neighbours: Sequence[Design], random: np.random.Generator
) -> Scene:
    if kind == "shelf":
        scene = _on_a_shelf(design, neighbours, random)
    else:
        scene = _before_white(design, random, at_home=kind == "table")
    if design.kinds and random.random() < 0.16:
        ys, xs = np.nonzero(scene.numbers == int(random.integers(1, len(design.kinds) + 1)))
        if len(xs):
            box = (int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max()))
            sticker(scene, box, random)
    return scene


def _before_white(
    design: Design, random: np.random.Generator, *, at_home: bool = False, steady: bool = False
) -> Scene:
    scene = scenes.table(random) if at_home else scenes.white_ground(random)
    height = int(SIDE * random.uniform(0.6, 0.9))
    layer = _layer(design, height, random)
    lean = random.normal(0, 2.5 if not at_home else 5)
    if random.random() < 0.06:
        lean = random.uniform(-35, 35)
    if abs(lean) > 1.5 and not steady:
        layer = scenes.turned(layer, lean)
    room = SIDE * 0.96 / max(layer.alpha.shape)
    if room < 1:
        layer = _smaller(layer, room)
    high, wide = layer.alpha.shape
    loose = 0.02 if steady else (0.05 if not at_home else 0.14)
    left = int((SIDE - wide) / 2 + random.normal(0, loose) * SIDE)
    top = int((SIDE - high) / 2 + random.normal(0, loose) * SIDE)
    if at_home:
        top = max(top, int(SIDE * 0.94 - high - random.uniform(0, 0.15) * SIDE))
    if abs(lean) < 9 and (at_home or random.random() < 0.7):
        scenes.shadow(scene, layer, left, top, random)
    if not at_home and design.form != "bar" and random.random() < 0.2:
        scenes.mirrored(scene, layer, left, top, random.uniform(0.15, 0.4))
    scenes.place(scene, layer, left, top, design.kinds)
    return scene


def _on_a_shelf(design: Design, neighbours: Sequence[Design], random: np.random.Generator) -> Scene:
    """The design among others, cut off left and right; each may have its like beside it."""
    floor = int(SIDE * random.uniform(0.74, 0.9))
    scene = scenes.shelf(random, floor)
    tallest = floor - SIDE * random.uniform(0.02, 0.2)
    others = [d for d in neighbours if d.form != "bar"]
    mine = _layer(design, int(tallest * random.uniform(0.8, 1.0)), random)
    if max(mine.alpha.shape) > SIDE * 0.9:
        mine = _smaller(mine, SIDE * 0.9 / max(mine.alpha.shape))
    left = int((SIDE - mine.alpha.shape[1]) / 2 + random.normal(0, 0.09) * SIDE)
    right = left + mine.alpha.shape[1]
    row = [(mine, left, design.kinds)]
    x = left
    for step in (-1, 1):
        x = left if step < 0 else right
        while others and (x > 0 if step < 0 else x < SIDE):
            other = others[int(random.integers(len(others)))]
            layer = _layer(other, int(tallest * random.uniform(0.66, 1.0)), random)
            gap = int(random.uniform(-2, 16))
            wide = layer.alpha.shape[1]
            row.append((layer, x - gap - wide if step < 0 else x + gap, other.kinds))
            x = x - gap - wide if step < 0 else x + gap + wide
    for layer, at, kinds in row[1:] + row[:1]:
        top = floor - layer.alpha.shape[0] + int(random.uniform(0, 6))
        scenes.shadow(scene, layer, at, top, random)
        scenes.place(scene, layer, at, top, kinds)
    scenes.from_above(scene, random)
    return scene


def _smaller(layer: Layer, scale: float) -> Layer:
    high, wide = (max(1, int(v * scale)) for v in layer.alpha.shape)

    def resized(part: Any, how: int) -> Any:
        return cv2.resize(part, (wide, high), interpolation=how)

    return Layer(
        resized(layer.rgb, cv2.INTER_AREA),
        resized(layer.alpha, cv2.INTER_AREA),
        resized(layer.numbers, cv2.INTER_NEAREST),
    )


def seen(scene: Scene) -> list[Octagon] | None:
    """The octagons that can be seen; None where one is too doubtful to be said of."""
    found = []
    scale = PIXELS / len(scene.numbers)
    for at, (whole, kind) in enumerate(scene.octagons):
        ys, xs = np.nonzero(scene.numbers == at + 1)
        share = len(xs) / max(1, whole)
        if share < 0.04:
            continue
        box = [float(v) * scale for v in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)]
        wide, high = box[2] - box[0], box[3] - box[1]
        if share < 0.5 or min(wide, high) < _SMALLEST or not 0.42 < wide / high < 2.4:
            return None
        left, top, right, bottom = (round(v) for v in box)
        found.append(Octagon(kind, left, top, right, bottom, round(1 - share, 3)))
    return found


def developed(rgb: Any, kind: str, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Reduced, its light and colours as a camera has them, a little blur and noise."""
    small = cv2.resize(rgb, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA)
    grey = small.mean(2, keepdims=True)
    small = grey + (small - grey) * random.uniform(0.72, 1.02)
    if kind != "white":
        small = (
            small * np.array(random.uniform(0.9, 1.06, 3), np.float32) * random.uniform(0.72, 1.08)
        )
        ys, xs = np.mgrid[0:PIXELS, 0:PIXELS].astype(np.float32) / PIXELS - 0.5
        small *= (1 - random.uniform(0, 0.5) * (xs**2 + ys**2))[:, :, None]
        small += random.uniform(0, 14)
        small = small + random.normal(0, random.uniform(0.5, 5), small.shape)
    if (sigma := random.uniform(-0.6, 1.0 if kind == "white" else 1.2)) > 0.25:
        small = cv2.GaussianBlur(small, (0, 0), sigma)
    return np.ascontiguousarray(np.rint(small.clip(0, 255)).astype(np.uint8)[:, :, ::-1])
