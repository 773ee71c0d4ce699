"""One training picture after another: single photos, mosaics, pasted scenes, empty pictures.

Owns the recipes and their shares. It runs in the loader's process and never touches torch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Generic, TypeVar

import cv2
import numpy as np

from recipes.fruits.material import Cutout, Material, Photo
from recipes.fruits.paste import Scene, oval, plain_ground
from recipes.fruits.views import cutout_view, part_of, view
from recipes.fruits.wear import greened, recoloured, worn

Picture = tuple[np.ndarray, np.ndarray]
T = TypeVar("T", Photo, Cutout)

# Shares of single photos, mosaics, pasted scenes and pictures without fruit.
SHARES, CALM_SHARES = (0.33, 0.24, 0.29, 0.14), (0.55, 0.0, 0.26, 0.19)


class Composer:
    """Makes training pictures; the same seed makes the same pictures.

    `calm` ones look as what will be counted does: no mosaics, photos framed much as they were.
    """

    def __init__(
        self,
        material: Material,
        *,
        seed: int,
        green: frozenset[int] = frozenset(),
        calm: bool = False,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.green = green
        self.calm = calm
        self.photos = _Draw(material.photos, self.rng)
        self.grounds = _Draw(material.grounds, self.rng)
        self.cutouts = _by_label(material.cutouts, self.rng)
        self.counted = [label for label in self.cutouts if label is not None]

    def picture(self, size: int) -> Picture:
        """One picture of size x size, and rows of (label, x1, y1, x2, y2); -1 = ignored."""
        single, mosaic, pasted, empty = CALM_SHARES if self.calm else SHARES
        recipes: list[tuple[float, Callable[[int, int], Picture]]] = [
            (single if self.photos else 0, self._single),
            (mosaic, self._mosaic),
            (pasted if self.counted else 0, self._pasted),
            (empty if self.grounds else 0, self._empty),
        ]
        weights = np.array([weight for weight, _ in recipes])
        pick = self.rng.choice(len(recipes), p=weights / weights.sum())
        pixels, rows = recipes[pick][1](size, size)
        return worn(pixels, self.rng), rows

    def _single(self, width: int, height: int) -> Picture:
        photo = self.photos.one()
        pixels, rows = view(photo, width, height, self.rng, calm=self.calm)
        shown = set(photo.rows[:, 0].astype(int).tolist())
        if shown and shown <= self.green and self.rng.random() < 0.2:
            pixels = greened(pixels, self.rng)
        return pixels, rows

    def _empty(self, width: int, height: int) -> Picture:
        """Nothing to count: an everyday photo, or lookalikes alone on any ground."""
        none = np.zeros((0, 5), np.float32)
        if None not in self.cutouts or self.rng.random() < 0.4:
            return self._everyday(width, height), none
        scene = Scene(self._ground(width, height))
        # As small as fruit gets in a scene: a tomato far away is an apple to whoever saw none.
        size = math.exp(self.rng.uniform(math.log(0.07), math.log(0.6)))
        for _ in range(int(self.rng.integers(1, 5 if size > 0.2 else 9))):
            self._lay(scene, None, size * width * math.exp(self.rng.normal(0, 0.2)), None)
        return scene.result()[0], none

    def _mosaic(self, width: int, height: int) -> Picture:
        """Several pictures side by side: many small fruits, and edges that cut them."""
        columns = 2 if self.rng.random() < 0.8 else 3
        across, down = _cuts(columns, width, self.rng), _cuts(columns, height, self.rng)
        pixels = np.empty((height, width, 3), np.uint8)
        rows = [np.zeros((0, 5), np.float32)]
        for left, right in pairwise(across):
            for top, bottom in pairwise(down):
                tile, found = self._tile(right - left, bottom - top)
                pixels[top:bottom, left:right] = tile
                rows.append(found + np.array([0, left, top, left, top], np.float32))
        return pixels, np.concatenate(rows)

    def _tile(self, width: int, height: int) -> Picture:
        roll = self.rng.random()
        if (roll < 0.12 and self.grounds) or not self.photos:
            make = self._empty if self.grounds else self._pasted
        else:
            make = self._pasted if roll < 0.3 and self.counted else self._single
        pixels, rows = make(width, height)
        return (recoloured(pixels, self.rng), rows) if self.rng.random() < 0.3 else (pixels, rows)

    def _pasted(self, width: int, height: int) -> Picture:
        """Cut-outs on a ground: some apart, some in a heap, each hiding the one before."""
        rng = self.rng
        scene = Scene(self._ground(width, height))
        number = int(
            rng.choice([1, 2, 3, 4, 5, 6, 8, 11], p=[0.2, 0.2, 0.17, 0.13, 0.1, 0.08, 0.07, 0.05])
        )
        largest = 0.95 if number == 1 else min(0.75, 1.5 / math.sqrt(number))
        longest = rng.uniform(0.22 * largest, largest) * min(width, height)
        same = rng.choice(self.counted) if rng.random() < 0.55 else None
        heap = rng.random() < 0.5
        at: tuple[float, float] | None = None
        for _ in range(number):
            label = same if same is not None else rng.choice(self.counted)
            if rng.random() < 0.2 and None in self.cutouts:
                label = None
            size = longest * math.exp(rng.normal(0, 0.13))
            at = self._lay(scene, label, size, at if heap else None)
        return scene.result()

    def _everyday(self, width: int, height: int) -> np.ndarray:
        ground = self.grounds.one()
        if self.rng.random() < 0.3:
            ground = part_of(ground, self.rng)
        pixels, _ = view(ground, width, height, self.rng, calm=self.calm)
        if ground.any_hue and self.rng.random() < 0.5:
            return recoloured(pixels, self.rng, hue=40)
        return pixels

    def _ground(self, width: int, height: int) -> np.ndarray:
        if not self.grounds or self.rng.random() < 0.45:
            return plain_ground(width, height, self.rng)
        ground = self._everyday(width, height)
        if self.rng.random() < 0.35:
            ground = cv2.GaussianBlur(ground, (0, 0), self.rng.uniform(1, 5))
        return ground

    def _lay(
        self, scene: Scene, label: int | None, longest: float, near: tuple[float, float] | None
    ) -> tuple[float, float]:
        """Lay one cut-out, beside `near` if given; tells where its middle came to be."""
        rng = self.rng
        cutout = self.cutouts[label].one()
        if label is None and self.grounds and rng.random() < 0.25:
            cutout = replace(cutout, pixels=oval(self._everyday(96, int(rng.integers(48, 128)))))
        angle = rng.normal(0, 15) if rng.random() < 0.65 else rng.uniform(-180, 180)
        if len(cutout.parts):
            longest *= 1.5  # a bunch is larger than one fruit of it
            angle = float(rng.choice([0, 90, 180, 270])) + rng.normal(0, 5)
        pixels, parts = cutout_view(cutout.pixels, cutout.parts, longest, angle, rng)
        if label in self.green and rng.random() < 0.25:
            pixels = greened(pixels, rng)
        height, width = scene.owner.shape
        if near is None:
            x, y = rng.uniform(0.08, 0.92) * width, rng.uniform(0.08, 0.92) * height
        else:
            way, far = rng.uniform(0, 2 * math.pi), longest * rng.uniform(0.6, 1.1)
            x, y = near[0] + far * math.cos(way), near[1] + 0.7 * far * math.sin(way)
            x, y = float(np.clip(x, 0, width)), float(np.clip(y, 0, height))
        if rng.random() < 0.75:
            foot = y + pixels.shape[0] * rng.uniform(0.2, 0.45)
            side = x + pixels.shape[1] * rng.normal(0, 0.15)
            wide, tall = pixels.shape[1] * rng.uniform(0.8, 1.3), longest * rng.uniform(0.2, 0.7)
            scene.shade(side, foot, wide, tall, rng.uniform(0.1, 0.7))
        corner = int(x - pixels.shape[1] / 2), int(y - pixels.shape[0] / 2)
        scene.lay(_lit(pixels, rng), parts, label, *corner)
        return x, y


class _Draw(Generic[T]):
    """Draws from things by their weight."""

    def __init__(self, things: Sequence[T], rng: np.random.Generator) -> None:
        self.things: Sequence[T] = things
        self.rng = rng
        self.steps = np.cumsum([thing.weight for thing in things])

    def __bool__(self) -> bool:
        return bool(len(self.things))

    def one(self) -> T:
        at = np.searchsorted(self.steps, self.rng.random() * self.steps[-1], side="right")
        return self.things[min(int(at), len(self.things) - 1)]


def _by_label(
    cutouts: Sequence[Cutout], rng: np.random.Generator
) -> dict[int | None, _Draw[Cutout]]:
    labels = dict.fromkeys(cutout.label for cutout in cutouts)
    return {x: _Draw([c for c in cutouts if c.label == x], rng) for x in labels}


def _cuts(parts: int, length: int, rng: np.random.Generator) -> list[int]:
    even = np.linspace(0, 1, parts + 1)
    even[1:-1] += rng.uniform(-0.35, 0.35, parts - 1) / parts
    return [round(x * length) for x in even]


def _lit(cutout: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The cut-out in the scene's own light, a little."""
    gain = np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.03, 3))
    table = np.clip(np.arange(256)[:, None] * gain[None, :], 0, 255)
    table = np.column_stack([table, np.arange(256)]).astype(np.uint8)
    return cv2.LUT(cutout, table[None])
