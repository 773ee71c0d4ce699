"""Where packages stand: before white as shops show them, on a shelf, on a table at home.

A scene is drawn larger than the picture and reduced at the end. Colours are linear in nothing:
light is a factor, as print and film have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from recipes.octagons.fonts import TEXT, WARNING, font
from recipes.octagons.layer import Layer

Floats = npt.NDArray[Any]
SIDE = 800
"""Pixels along a side of the scene before it is reduced."""


@dataclass
class Scene:
    """Colours, and which octagon is where: 1 + its place among `octagons`."""

    rgb: Floats
    numbers: npt.NDArray[np.int16]
    octagons: list[tuple[int, str]]
    """Whole pixels and kind of each."""


def empty(rgb: Floats) -> Scene:
    return Scene(rgb, np.zeros(rgb.shape[:2], np.int16), [])


def place(scene: Scene, layer: Layer, left: int, top: int, kinds: Sequence[str]) -> None:
    """Lays a package down; what it hides is hidden in the map too."""
    high, wide = layer.alpha.shape
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(SIDE, left + wide), min(SIDE, top + high)
    if x1 <= x0 or y1 <= y0:
        return
    part = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    alpha = layer.alpha[part][:, :, None]
    view = scene.rgb[y0:y1, x0:x1]
    view *= 1 - alpha
    view += layer.rgb[part] * alpha
    marks = scene.numbers[y0:y1, x0:x1]
    marks[alpha[:, :, 0] > 0.5] = 0
    for at, kind in enumerate(kinds):
        whole = int((layer.numbers == at + 1).sum())
        scene.octagons.append((whole, kind))
        marks[layer.numbers[part] == at + 1] = len(scene.octagons)


def shadow(scene: Scene, layer: Layer, left: int, top: int, random: np.random.Generator) -> None:
    """Soft darkness where it touches the ground, and beside it."""
    high, wide = layer.alpha.shape
    dark = np.zeros((SIDE // 4, SIDE // 4), np.float32)
    base = (top + high) / 4
    cv2.ellipse(dark, (int((left + wide / 2) / 4 + random.uniform(-4, 4)), int(base - 2)),
                (int(wide / 8 * 1.06), max(2, int(wide / 60))), 0, 0, 360, 1.0, -1)  # fmt: skip
    soft = cv2.GaussianBlur(dark, (0, 0), random.uniform(1.5, 5)) * random.uniform(0.25, 0.6)
    scene.rgb *= 1 - cv2.resize(soft, (SIDE, SIDE))[:, :, None]


def white_ground(random: np.random.Generator) -> Scene:
    """White, or the almost white of a photographer's paper."""
    if random.random() < 0.6:
        return empty(np.full((SIDE, SIDE, 3), 255, np.float32))
    tint = np.array(random.uniform(0.985, 1.0, 3), np.float32)
    fall = np.linspace(random.uniform(244, 255), random.uniform(222, 248), SIDE, dtype=np.float32)
    return empty(np.ones((SIDE, SIDE, 3), np.float32) * fall[:, None, None] * tint)


def mirrored(scene: Scene, layer: Layer, left: int, top: int, strength: float) -> None:
    """The fading reflection on a polished ground that shops like."""
    high, wide = layer.alpha.shape
    turned = layer.rgb[::-1], layer.alpha[::-1]
    depth = min(high, SIDE - (top + high) + 6)
    if depth <= 4:
        return
    fade = np.linspace(strength, 0, depth, dtype=np.float32)[:, None] ** 1.5
    x0, x1 = max(0, left), min(SIDE, left + wide)
    y0 = top + high - 6
    alpha = (turned[1][:depth, x0 - left : x1 - left] * fade)[:, :, None]
    view = scene.rgb[y0 : y0 + depth, x0:x1]
    view *= 1 - alpha[: len(view)]
    view += (turned[0][:depth, x0 - left : x1 - left] * alpha)[: len(view)]


def table(random: np.random.Generator) -> Scene:
    """Wood or stone in front, a wall out of focus behind."""
    horizon = int(SIDE * random.uniform(0.45, 0.72))
    blobs = cv2.resize(
        random.uniform(60, 225, (5, 7, 3)).astype(np.float32),
        (SIDE, SIDE),
        interpolation=cv2.INTER_CUBIC,
    )
    wall = np.array(random.uniform(110, 225, 3), np.float32)
    rgb = (blobs * 0.35 + wall * 0.65).clip(0, 255).astype(np.float32)
    grain: Floats = random.normal(0, 1, (SIDE - horizon, SIDE // 8)).astype(np.float32)
    grain = cv2.GaussianBlur(cv2.resize(grain, (SIDE, SIDE - horizon)), (0, 0), 24, sigmaY=1.4)
    tones = ((150, 104, 66), (186, 146, 102), (92, 62, 44), (196, 194, 190), (70, 70, 74))
    wood = np.array(tones[random.integers(len(tones))], np.float32)
    ramp = np.linspace(0.82, 1.08, SIDE - horizon, dtype=np.float32)[:, None, None]
    rgb[horizon:] = wood * ramp * (1 + 0.4 * grain[:, :, None])
    rgb[horizon - 8 : horizon + 8] = cv2.blur(rgb[horizon - 8 : horizon + 8], (1, 9))
    return empty(rgb.clip(0, 255))


def shelf(random: np.random.Generator, floor: int) -> Scene:
    """The back of a shelf, its board, and the rail with prices below."""
    tone = np.array(
        random.choice(
            [(238, 238, 236), (196, 198, 200), (120, 92, 66), (70, 72, 78), (214, 206, 190)]
        ),
        np.float32,
    )
    down = np.linspace(random.uniform(0.35, 0.6), 0.9, SIDE, dtype=np.float32)
    rgb = np.ones((SIDE, SIDE, 3), np.float32) * tone * down[:, None, None]
    if random.random() < 0.4:  # perforated metal
        rgb[::16, ::16] *= 0.55
        rgb[1::16, ::16] *= 0.55
    board = floor + int(random.uniform(8, 26))
    rgb[floor - 4 : board] = tone * 0.97
    rail = min(SIDE, board + int(random.uniform(60, 110)))
    colour = np.array(
        random.choice(
            [(236, 236, 232), (206, 30, 40), (240, 200, 40), (60, 64, 72), (40, 90, 150)]
        ),
        np.float32,
    )
    rgb[board:rail] = colour * np.linspace(1.05, 0.8, rail - board, dtype=np.float32)[:, None, None]
    rgb[rail:] = tone * 0.3
    price_tags(rgb, board, rail, random)
    return empty(rgb.clip(0, 255))


def price_tags(rgb: Floats, board: int, rail: int, random: np.random.Generator) -> None:
    """Tags between two heights of a picture, with gaps between them."""
    from PIL import Image, ImageDraw

    picture = Image.fromarray(rgb.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    x, high = int(random.uniform(0, 80)), rail - board
    while x < rgb.shape[1]:
        wide = int(high * random.uniform(1.3, 1.9))
        fill = (255, 226, 60) if random.random() < 0.3 else (250, 250, 248)
        draw.rectangle((x, board + 6, x + wide, rail - 6), fill=fill)
        price = f"${int(random.integers(12, 990))},{int(random.integers(0, 10))}0"
        size = int(high * 0.42)
        size = min(size, int(size * (wide - 12) / draw.textlength(price, font(WARNING[0], size))))
        draw.text((x + 8, board + 8), price, font=font(WARNING[0], size), fill=(20, 20, 20))
        draw.text(
            (x + 8, board + high * 0.58),
            "PRECIO x UNIDAD",
            font=font(TEXT[2], max(8, int(high * 0.16))),
            fill=(60, 60, 60),
        )
        x += wide + int(random.uniform(30, 220))
    rgb[:] = np.asarray(picture)


def from_above(scene: Scene, random: np.random.Generator) -> None:
    """The board above throws its shadow on the upper part."""
    depth = int(SIDE * random.uniform(0.05, 0.3))
    ramp = np.ones(SIDE, np.float32)
    ramp[:depth] = np.linspace(random.uniform(0.45, 0.8), 1, depth)
    scene.rgb *= ramp[:, None, None]


def turned(layer: Layer, degrees: float) -> Layer:
    """A package that leans or lies."""
    high, wide = layer.alpha.shape
    matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = int(high * sin + wide * cos) + 2, int(high * cos + wide * sin) + 2
    matrix[:, 2] += (size[0] - wide) / 2, (size[1] - high) / 2

    def bent(part: Any, flags: int) -> Any:
        return cv2.warpAffine(part, matrix, size, flags=flags)

    return Layer(
        bent(layer.rgb, cv2.INTER_LINEAR),
        bent(layer.alpha, cv2.INTER_LINEAR),
        bent(layer.numbers, cv2.INTER_NEAREST),
    )
