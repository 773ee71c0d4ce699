"""Training sample generator: single photos, mosaics, pasted scenes and pictures without fruit.

Defines how often each kind of sample occurs. Runs in the data loader's process and needs no torch.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from recipes.fruits.geometric_augmentation import random_crop, random_view, transform_cutout
from recipes.fruits.pasted_scene import PastedScene, oval_cutout, plain_background
from recipes.fruits.photometric_augmentation import degrade, shift_colors, turn_green
from recipes.fruits.training_data import TrainingData
from recipes.fruits.weighted_choice import WeightedChoice, choices_by_label

Sample = tuple[np.ndarray, np.ndarray]

# Shares of single photos, mosaics, pasted scenes and pictures without fruit.
SHARES, CALM_SHARES = (0.33, 0.24, 0.29, 0.14), (0.55, 0.0, 0.26, 0.19)


class SampleGenerator:
    """Generates training samples; the same seed gives the same samples.

    `calm` samples look like the pictures met in use: no mosaics, framing close to the photo's.
    """

    def __init__(
        self,
        data: TrainingData,
        *,
        seed: int,
        green_labels: frozenset[int] = frozenset(),
        calm: bool = False,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.green_labels = green_labels
        self.calm = calm
        self.photos = WeightedChoice(data.photos, self.rng)
        self.backgrounds = WeightedChoice(data.backgrounds, self.rng)
        self.cutouts = choices_by_label(data.cutouts, self.rng)
        self.counted_labels = [label for label in self.cutouts if label is not None]

    def generate(self, size: int) -> Sample:
        """A picture of size x size and its rows of (label, x1, y1, x2, y2); -1 = ignored."""
        single, mosaic, pasted, empty = CALM_SHARES if self.calm else SHARES
        recipes: list[tuple[float, Callable[[int, int], Sample]]] = [
            (single if self.photos else 0, self._single_photo),
            (mosaic, self._mosaic),
            (pasted if self.counted_labels else 0, self._pasted_scene),
            (empty if self.backgrounds else 0, self._without_fruit),
        ]
        weights = np.array([weight for weight, _ in recipes])
        choice = self.rng.choice(len(recipes), p=weights / weights.sum())
        pixels, rows = recipes[choice][1](size, size)
        return degrade(pixels, self.rng), rows

    def _single_photo(self, width: int, height: int) -> Sample:
        photo = self.photos.choose()
        pixels, rows = random_view(photo, width, height, self.rng, calm=self.calm)
        labels = set(photo.rows[:, 0].astype(int).tolist())
        if labels and labels <= self.green_labels and self.rng.random() < 0.2:
            pixels = turn_green(pixels, self.rng)
        return pixels, rows

    def _without_fruit(self, width: int, height: int) -> Sample:
        """Nothing to count: an everyday photo, or lookalikes alone on a background."""
        no_rows = np.zeros((0, 5), np.float32)
        if None not in self.cutouts or self.rng.random() < 0.4:
            return self._fruitless_view(width, height), no_rows
        scene = PastedScene(self._background(width, height))
        # As small as fruit gets in a scene: small distant tomatoes were mistaken for apples.
        size = math.exp(self.rng.uniform(math.log(0.07), math.log(0.6)))
        for _ in range(int(self.rng.integers(1, 5 if size > 0.2 else 9))):
            self._paste_cutout(scene, None, size * width * math.exp(self.rng.normal(0, 0.2)), None)
        return scene.result()[0], no_rows

    def _mosaic(self, width: int, height: int) -> Sample:
        """Several pictures side by side: many small fruits, and edges that cut them."""
        columns = 2 if self.rng.random() < 0.8 else 3
        across, down = (
            _random_cuts(columns, width, self.rng),
            _random_cuts(columns, height, self.rng),
        )
        pixels = np.empty((height, width, 3), np.uint8)
        rows = [np.zeros((0, 5), np.float32)]
        for left, right in pairwise(across):
            for top, bottom in pairwise(down):
                tile, tile_rows = self._tile(right - left, bottom - top)
                pixels[top:bottom, left:right] = tile
                rows.append(tile_rows + np.array([0, left, top, left, top], np.float32))
        return pixels, np.concatenate(rows)

    def _tile(self, width: int, height: int) -> Sample:
        draw = self.rng.random()
        if (draw < 0.12 and self.backgrounds) or not self.photos:
            make = self._without_fruit if self.backgrounds else self._pasted_scene
        else:
            make = self._pasted_scene if draw < 0.3 and self.counted_labels else self._single_photo
        pixels, rows = make(width, height)
        return (shift_colors(pixels, self.rng), rows) if self.rng.random() < 0.3 else (pixels, rows)

    def _pasted_scene(self, width: int, height: int) -> Sample:
        """Cut-outs on a background, spread out or in a heap, each hiding those before it."""
        rng = self.rng
        scene = PastedScene(self._background(width, height))
        count = int(
            rng.choice([1, 2, 3, 4, 5, 6, 8, 11], p=[0.2, 0.2, 0.17, 0.13, 0.1, 0.08, 0.07, 0.05])
        )
        largest = 0.95 if count == 1 else min(0.75, 1.5 / math.sqrt(count))
        longest = rng.uniform(0.22 * largest, largest) * min(width, height)
        common_label = rng.choice(self.counted_labels) if rng.random() < 0.55 else None
        heap = rng.random() < 0.5
        position: tuple[float, float] | None = None
        for _ in range(count):
            label = common_label if common_label is not None else rng.choice(self.counted_labels)
            if rng.random() < 0.2 and None in self.cutouts:
                label = None
            size = longest * math.exp(rng.normal(0, 0.13))
            position = self._paste_cutout(scene, label, size, position if heap else None)
        return scene.result()

    def _fruitless_view(self, width: int, height: int) -> np.ndarray:
        photo = self.backgrounds.choose()
        if self.rng.random() < 0.3:
            photo = random_crop(photo, self.rng)
        pixels, _ = random_view(photo, width, height, self.rng, calm=self.calm)
        if photo.any_hue and self.rng.random() < 0.5:
            return shift_colors(pixels, self.rng, hue=40)
        return pixels

    def _background(self, width: int, height: int) -> np.ndarray:
        if not self.backgrounds or self.rng.random() < 0.45:
            return plain_background(width, height, self.rng)
        background = self._fruitless_view(width, height)
        if self.rng.random() < 0.35:
            background = cv2.GaussianBlur(background, (0, 0), self.rng.uniform(1, 5))
        return background

    def _paste_cutout(
        self,
        scene: PastedScene,
        label: int | None,
        longest: float,
        near: tuple[float, float] | None,
    ) -> tuple[float, float]:
        """Paste one cut-out, next to `near` if given; returns the position of its center."""
        rng = self.rng
        cutout = self.cutouts[label].choose()
        if label is None and self.backgrounds and rng.random() < 0.25:
            cutout = replace(
                cutout, pixels=oval_cutout(self._fruitless_view(96, int(rng.integers(48, 128))))
            )
        angle = rng.normal(0, 15) if rng.random() < 0.65 else rng.uniform(-180, 180)
        if len(cutout.parts):
            longest *= 1.5  # a bunch is larger than one fruit of it
            angle = float(rng.choice([0, 90, 180, 270])) + rng.normal(0, 5)
        pixels, parts = transform_cutout(cutout.pixels, cutout.parts, longest, angle, rng)
        if label in self.green_labels and rng.random() < 0.25:
            pixels = turn_green(pixels, rng)
        height, width = scene.owner.shape
        if near is None:
            x, y = rng.uniform(0.08, 0.92) * width, rng.uniform(0.08, 0.92) * height
        else:
            direction, distance = rng.uniform(0, 2 * math.pi), longest * rng.uniform(0.6, 1.1)
            x, y = (
                near[0] + distance * math.cos(direction),
                near[1] + 0.7 * distance * math.sin(direction),
            )
            x, y = float(np.clip(x, 0, width)), float(np.clip(y, 0, height))
        if rng.random() < 0.75:
            shadow_y = y + pixels.shape[0] * rng.uniform(0.2, 0.45)
            shadow_x = x + pixels.shape[1] * rng.normal(0, 0.15)
            shadow_width, shadow_height = (
                pixels.shape[1] * rng.uniform(0.8, 1.3),
                longest * rng.uniform(0.2, 0.7),
            )
            scene.add_shadow(shadow_x, shadow_y, shadow_width, shadow_height, rng.uniform(0.1, 0.7))
        corner = int(x - pixels.shape[1] / 2), int(y - pixels.shape[0] / 2)
        scene.paste(_relight(pixels, rng), parts, label, *corner)
        return x, y


def _random_cuts(parts: int, length: int, rng: np.random.Generator) -> list[int]:
    fractions = np.linspace(0, 1, parts + 1)
    fractions[1:-1] += rng.uniform(-0.35, 0.35, parts - 1) / parts
    return [round(fraction * length) for fraction in fractions]


def _relight(cutout: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The cut-out with slightly changed brightness and color, as if lit by the scene."""
    gain = np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.03, 3))
    table = np.clip(np.arange(256)[:, None] * gain[None, :], 0, 255)
    table = np.column_stack([table, np.arange(256)]).astype(np.uint8)
    return cv2.LUT(cutout, table[None])
