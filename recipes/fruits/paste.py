"""Cut-outs pasted on a ground: who hides whom, how much of each is left, and the shadows.

Owns one pasted scene. Which cut-outs and grounds, and how many, is compose.py's business.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from recipes.fruits.views import judged

SOLID = 127  # alpha above this belongs to the thing


@dataclass(frozen=True)
class Laid:
    """One fruit in a scene: whose pixels are its own, where it may be, and its full area."""

    owner: int
    label: int
    window: tuple[slice, slice]
    whole: float


class Scene:
    """A ground that cut-outs are laid on, one over the other."""

    def __init__(self, ground: np.ndarray) -> None:
        self.pixels = ground.astype(np.float32)
        self.owner: np.ndarray = np.zeros(ground.shape[:2], np.int16)
        self.things = 0
        self.fruits: list[Laid] = []

    def lay(self, cutout: np.ndarray, parts: np.ndarray, label: int | None, x: int, y: int) -> None:
        """Lay a cut-out with its upper left corner at (x, y); it hides what lies under it.

        `parts` are the boxes of a bunch's fruits inside the cut-out; a single fruit has none.
        """
        height, width = self.owner.shape
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + cutout.shape[1], width), min(y + cutout.shape[0], height)
        if right - left < 4 or bottom - top < 4:
            return
        inside = cutout[top - y : bottom - y, left - x : right - x]
        alpha = inside[:, :, 3:].astype(np.float32) / 255
        under = self.pixels[top:bottom, left:right]
        under += alpha * (inside[:, :, :3] - under)
        self.things += 1
        self.owner[top:bottom, left:right][inside[:, :, 3] > SOLID] = self.things
        if label is None:
            return
        boxes = parts if len(parts) else np.array([[0, 0, cutout.shape[1], cutout.shape[0]]])
        for x1, y1, x2, y2 in boxes.astype(int):
            whole = float((cutout[max(y1, 0) : y2, max(x1, 0) : x2, 3] > SOLID).sum())
            window = (
                slice(max(0, y1 + y), max(0, y2 + y)),
                slice(max(0, x1 + x), max(0, x2 + x)),
            )
            self.fruits.append(Laid(self.things, label, window, max(whole, 1.0)))

    def shade(self, x: float, y: float, wide: float, tall: float, dark: float) -> None:
        """A soft shadow on what is there so far, an ellipse around (x, y)."""
        height, width = self.owner.shape
        left, right = int(max(0, x - wide)), int(min(width, x + wide))
        top, bottom = int(max(0, y - tall)), int(min(height, y + tall))
        if right - left < 4 or bottom - top < 4:
            return
        across = (np.arange(left, right, dtype=np.float32) - x) / (wide / 2)
        down = (np.arange(top, bottom, dtype=np.float32) - y) / (tall / 2)
        fade = np.exp(-1.5 * (across[None, :] ** 2 + down[:, None] ** 2))
        self.pixels[top:bottom, left:right] *= (1 - dark * fade)[:, :, None]

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """The picture, and a box around the visible part of every fruit."""
        pixels = np.clip(self.pixels, 0, 255).astype(np.uint8)
        rows, left = [], []
        for fruit in self.fruits:
            mine = self.owner[fruit.window] == fruit.owner
            columns, lines = np.flatnonzero(mine.any(axis=0)), np.flatnonzero(mine.any(axis=1))
            if not len(columns):
                continue
            y, x = fruit.window[0].start, fruit.window[1].start
            box = [x + columns[0], y + lines[0], x + columns[-1] + 1, y + lines[-1] + 1]
            rows.append([fruit.label, *box])
            left.append(mine.sum() / fruit.whole)
        found = np.array(rows, np.float32).reshape(-1, 5)
        small = np.minimum(found[:, 3] - found[:, 1], found[:, 4] - found[:, 2]) < 8
        return pixels, judged(found, np.array(left, np.float32), small)


def oval(region: np.ndarray) -> np.ndarray:
    """What lies in the oval of a region, as a cut-out."""
    alpha = np.zeros(region.shape[:2], np.uint8)
    middle = (region.shape[1] // 2, region.shape[0] // 2)
    radii = (int(0.485 * region.shape[1]), int(0.485 * region.shape[0]))
    cv2.ellipse(alpha, middle, radii, 0, 0, 360, 255, cv2.FILLED)
    return np.dstack([region, cv2.GaussianBlur(alpha, (0, 0), 0.8)])


def plain_ground(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A studio's paper, a table or a wall: one colour or two, with some grain."""
    kind = rng.random()
    if kind < 0.45:  # the white of web shops, a little grey or warm
        low = np.full(3, rng.uniform(225, 256)) - rng.uniform(0, 12, 3)
    elif kind < 0.55:
        low = rng.uniform(0, 40, 3)
    else:
        low = rng.uniform(20, 250, 3)
    high = low + rng.normal(0, 25) if rng.random() < 0.6 else rng.uniform(20, 250, 3)
    ends = np.stack([low, (low + high) / 2, (low + high) / 2, high]).reshape(2, 2, 3)
    ground: np.ndarray = cv2.resize(
        ends.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR
    )
    if rng.random() < 0.35:  # wood, cloth, stone: grain drawn out one way
        coarse = rng.integers(3, 60, 2)
        grain = rng.normal(0, rng.uniform(4, 25), (coarse[0], coarse[1], 1)).astype(np.float32)
        drawn = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.clip(ground + drawn[:, :, None], 0, 255)
    return np.clip(ground, 0, 255)
