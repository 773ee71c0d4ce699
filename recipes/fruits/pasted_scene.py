"""Scene of cut-outs pasted on a background: occlusion, visible shares and shadows.

Represents one pasted scene; samples.py chooses cut-outs and backgrounds.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from recipes.fruits.geometric_augmentation import filter_by_visibility

ALPHA_THRESHOLD = 127  # alpha above this belongs to the object


@dataclass(frozen=True)
class PastedFruit:
    """A pasted fruit: the object that owns its pixels, its window, and its unoccluded area."""

    owner: int
    label: int
    window: tuple[slice, slice]
    full_area: float


class PastedScene:
    """A background on which cut-outs are pasted, each over the previous ones."""

    def __init__(self, background: np.ndarray) -> None:
        self.pixels = background.astype(np.float32)
        self.owner: np.ndarray = np.zeros(background.shape[:2], np.int16)
        self.object_count = 0
        self.fruits: list[PastedFruit] = []

    def paste(
        self, cutout: np.ndarray, parts: np.ndarray, label: int | None, x: int, y: int
    ) -> None:
        """Paste a cut-out with its upper left corner at (x, y), hiding what is below it.

        `parts` are the boxes of a bunch's fruits inside the cut-out; empty for a single fruit.
        """
        height, width = self.owner.shape
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + cutout.shape[1], width), min(y + cutout.shape[0], height)
        if right - left < 4 or bottom - top < 4:
            return
        visible = cutout[top - y : bottom - y, left - x : right - x]
        alpha = visible[:, :, 3:].astype(np.float32) / 255
        under = self.pixels[top:bottom, left:right]
        under += alpha * (visible[:, :, :3] - under)
        self.object_count += 1
        self.owner[top:bottom, left:right][visible[:, :, 3] > ALPHA_THRESHOLD] = self.object_count
        if label is None:
            return
        boxes = parts if len(parts) else np.array([[0, 0, cutout.shape[1], cutout.shape[0]]])
        for x1, y1, x2, y2 in boxes.astype(int):
            full_area = float((cutout[max(y1, 0) : y2, max(x1, 0) : x2, 3] > ALPHA_THRESHOLD).sum())
            window = (
                slice(max(0, y1 + y), max(0, y2 + y)),
                slice(max(0, x1 + x), max(0, x2 + x)),
            )
            self.fruits.append(PastedFruit(self.object_count, label, window, max(full_area, 1.0)))

    def add_shadow(
        self, x: float, y: float, shadow_width: float, shadow_height: float, darkness: float
    ) -> None:
        """Darken an elliptic area around (x, y): a soft shadow on everything pasted so far."""
        height, width = self.owner.shape
        left, right = int(max(0, x - shadow_width)), int(min(width, x + shadow_width))
        top, bottom = int(max(0, y - shadow_height)), int(min(height, y + shadow_height))
        if right - left < 4 or bottom - top < 4:
            return
        dx = (np.arange(left, right, dtype=np.float32) - x) / (shadow_width / 2)
        dy = (np.arange(top, bottom, dtype=np.float32) - y) / (shadow_height / 2)
        fade = np.exp(-1.5 * (dx[None, :] ** 2 + dy[:, None] ** 2))
        self.pixels[top:bottom, left:right] *= (1 - darkness * fade)[:, :, None]

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """The picture, and a box around the visible part of every fruit."""
        pixels = np.clip(self.pixels, 0, 255).astype(np.uint8)
        rows, visible_shares = [], []
        for fruit in self.fruits:
            visible = self.owner[fruit.window] == fruit.owner
            columns, lines = (
                np.flatnonzero(visible.any(axis=0)),
                np.flatnonzero(visible.any(axis=1)),
            )
            if not len(columns):
                continue
            y, x = fruit.window[0].start, fruit.window[1].start
            box = [x + columns[0], y + lines[0], x + columns[-1] + 1, y + lines[-1] + 1]
            rows.append([fruit.label, *box])
            visible_shares.append(visible.sum() / fruit.full_area)
        boxes = np.array(rows, np.float32).reshape(-1, 5)
        is_small = np.minimum(boxes[:, 3] - boxes[:, 1], boxes[:, 4] - boxes[:, 2]) < 8
        return pixels, filter_by_visibility(boxes, np.array(visible_shares, np.float32), is_small)


def oval_cutout(region: np.ndarray) -> np.ndarray:
    """The largest oval within a region, as a cut-out."""
    alpha = np.zeros(region.shape[:2], np.uint8)
    center = (region.shape[1] // 2, region.shape[0] // 2)
    radii = (int(0.485 * region.shape[1]), int(0.485 * region.shape[0]))
    cv2.ellipse(alpha, center, radii, 0, 0, 360, 255, cv2.FILLED)
    return np.dstack([region, cv2.GaussianBlur(alpha, (0, 0), 0.8)])


def plain_background(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A plain background like paper, a table or a wall: one or two colors, with some grain."""
    kind = rng.random()
    if kind < 0.45:  # white as in web shops, slightly gray or warm
        first_color = np.full(3, rng.uniform(225, 256)) - rng.uniform(0, 12, 3)
    elif kind < 0.55:
        first_color = rng.uniform(0, 40, 3)
    else:
        first_color = rng.uniform(20, 250, 3)
    second_color = (
        first_color + rng.normal(0, 25) if rng.random() < 0.6 else rng.uniform(20, 250, 3)
    )
    corners = np.stack(
        [
            first_color,
            (first_color + second_color) / 2,
            (first_color + second_color) / 2,
            second_color,
        ]
    ).reshape(2, 2, 3)
    background: np.ndarray = cv2.resize(
        corners.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    if rng.random() < 0.35:  # wood, cloth, stone: grain stretched in one direction
        grain_size = rng.integers(3, 60, 2)
        grain = rng.normal(0, rng.uniform(4, 25), (grain_size[0], grain_size[1], 1)).astype(
            np.float32
        )
        stretched = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.clip(background + stretched[:, :, None], 0, 255)
    return np.clip(background, 0, 255)
