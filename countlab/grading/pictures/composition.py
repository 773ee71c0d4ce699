"""Fruit cut-outs put together to a picture: a table, soft shadows, and a known number of each."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
_WIDTH, _HEIGHT = 640, 480


def compose(rng: random.Random, counts: Mapping[str, int], *, hard: bool = False) -> Pixels:
    """Fruits on a table, apart from each other; `hard` makes some small, dark or soft."""
    fruits = [kind for kind, count in counts.items() for _ in range(count)]
    rng.shuffle(fruits)
    canvas = _ground(rng)
    cells = _cells(len(fruits))
    places = rng.sample(cells, len(fruits))
    for kind, (left, top, size) in zip(fruits, places, strict=True):
        scale = rng.uniform(0.35, 0.9) if hard else rng.uniform(0.78, 0.95)
        fruit = _turned(rng, rng.choice(cutouts(kind)), int(size * scale))
        if hard and rng.random() < 0.6:
            fruit = _harder(rng, fruit)
        height, width = fruit.shape[:2]
        x = left + rng.randint(0, max(0, size - width))
        y = top + rng.randint(0, max(0, size - height))
        _paste(canvas, fruit, x, y)
    random_numbers = np.random.default_rng(rng.randrange(2**32))
    noise = random_numbers.standard_normal((_HEIGHT, _WIDTH, 1), np.float32) * 2
    return np.asarray(np.clip(canvas + noise, 0, 255), np.uint8)


@cache
def cutouts(kind: str) -> tuple[Pixels, ...]:
    """All cut-outs of a kind, with transparency, in a fixed order."""
    files = sorted((Path(__file__).parent / "cutouts").glob(f"{kind}_*.webp"))
    pictures = [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in files]
    return tuple(np.asarray(picture, np.uint8) for picture in pictures if picture is not None)


def encode(pixels: npt.NDArray[np.uint8], *, quality: int = 92) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def decode(data: bytes) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _cells(number: int) -> Sequence[tuple[int, int, int]]:
    """A grid with room for each: left, top and size of its squares."""
    columns = 3 if number <= 6 else 4 if number <= 12 else 5
    size = _WIDTH // columns
    rows = _HEIGHT // size
    gap = (_HEIGHT - rows * size) // 2
    return [
        (column * size, gap + row * size, size) for row in range(rows) for column in range(columns)
    ]


def _ground(rng: random.Random) -> npt.NDArray[np.float32]:
    """A table: one colour with a soft light across it and a grain."""
    base = np.array([rng.uniform(60, 215) for _ in range(3)], np.float32)
    base = base * 0.45 + base.mean() * 0.55
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light = (np.cos(angle) * x / _WIDTH + np.sin(angle) * y / _HEIGHT) * rng.uniform(10, 45)
    random_numbers = np.random.default_rng(rng.randrange(2**32))
    coarse = random_numbers.normal(0, 1, (rng.choice((12, 48)), rng.choice((8, 96))))
    grain = cv2.resize(coarse.astype(np.float32), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    ground = base[None, None] + light[..., None] + grain[..., None] * rng.uniform(2, 7)
    return np.asarray(np.clip(ground, 0, 255), np.float32)


def _turned(rng: random.Random, fruit: Pixels, size: int) -> Pixels:
    """Mirrored or not, a little turned and lit, its longer side `size` pixels."""
    if rng.random() < 0.5:
        fruit = np.ascontiguousarray(fruit[:, ::-1])
    height, width = fruit.shape[:2]
    side = int(np.hypot(height, width)) + 2
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-25, 25), 1)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    turned = cv2.warpAffine(fruit, turn, (side, side), flags=cv2.INTER_AREA)
    rows, columns = np.nonzero(turned[..., 3] > 8)
    cut = turned[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    factor = size / max(cut.shape[:2])
    small = cv2.resize(cut, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    lit = small[..., :3].astype(np.float32) * rng.uniform(0.9, 1.1)
    small[..., :3] = np.clip(lit, 0, 255).astype(np.uint8)
    return np.asarray(small, np.uint8)


def _harder(rng: random.Random, fruit: Pixels) -> Pixels:
    """Darker, softer or half faded, so that the model is less sure."""
    fruit = fruit.copy()
    fruit[..., :3] = (fruit[..., :3] * rng.uniform(0.4, 0.9)).astype(np.uint8)
    blur = rng.choice((1, 5, 9))
    fruit = np.asarray(cv2.GaussianBlur(fruit, (blur, blur), 0), np.uint8)
    fruit[..., 3] = (fruit[..., 3] * rng.uniform(0.35, 1)).astype(np.uint8)
    return fruit


def _paste(canvas: npt.NDArray[np.float32], fruit: Pixels, x: int, y: int) -> None:
    """With a soft shadow below it; what reaches over the edge is cut."""
    alpha = fruit[..., 3].astype(np.float32) / np.float32(255)
    soft = max(2, fruit.shape[0] // 14)
    wide = np.pad(alpha, 3 * soft)
    blurred = np.asarray(cv2.GaussianBlur(wide, (0, 0), soft), np.float32)
    shadow = blurred[..., None] * np.float32(0.35)
    _blend(canvas, np.zeros((1, 1, 3), np.float32), shadow, x - 3 * soft, y - 2 * soft)
    _blend(canvas, fruit[..., :3].astype(np.float32), alpha[..., None], x, y)


def _blend(
    canvas: npt.NDArray[np.float32],
    colour: npt.NDArray[np.float32],
    alpha: npt.NDArray[np.float32],
    x: int,
    y: int,
) -> None:
    height, width = alpha.shape[:2]
    left, top = max(0, x), max(0, y)
    right, bottom = min(_WIDTH, x + width), min(_HEIGHT, y + height)
    part = alpha[top - y : bottom - y, left - x : right - x]
    if colour.shape[:2] == alpha.shape[:2]:
        colour = colour[top - y : bottom - y, left - x : right - x]
    region = canvas[top:bottom, left:right]
    region[:] = region * (1 - part) + colour * part
