"""Food as it is pictured on packages: lit balls, rings, slabs and splashes, drawn by numpy."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_COLOURS = {
    "cookies": ((196, 142, 82), (168, 110, 58), (214, 170, 110)),
    "rings": ((224, 160, 60), (230, 90, 80), (240, 196, 90), (120, 180, 90)),
    "chips": ((240, 200, 90), (232, 182, 70), (246, 214, 120)),
    "fruit": ((236, 120, 30), (206, 40, 46), (240, 180, 50), (130, 40, 80)),
    "chocolate": ((84, 48, 30), (110, 66, 40), (66, 36, 24)),
    "grains": ((196, 170, 120), (110, 60, 40), (60, 40, 32), (228, 216, 190)),
    "milk": ((250, 248, 242), (244, 240, 230)),
    "sauce": ((190, 40, 28), (210, 70, 30), (90, 150, 60)),
}


def draw_food(canvas: Floats, food: str, box: tuple[int, int, int, int], seed: int) -> None:
    """A heap of it inside `box` (left, top, right, bottom) of an RGB canvas, 0 to 255."""
    random = np.random.default_rng((seed, 7))
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    size = {"grains": 0.07, "rings": 0.17, "cookies": 0.34, "chips": 0.3, "chocolate": 0.3}
    side = max(6, int(min(wide, high) * size.get(food, 0.42) * random.uniform(0.85, 1.25)))
    number = {"grains": 110, "rings": 34, "cookies": 8, "chips": 14, "chocolate": 8}.get(food, 6)
    colours = _COLOURS[food]
    sprites = [_sprite(food, side, colours[k % len(colours)], random) for k in range(4)]
    for at in range(number):
        along = random.normal(0.5, 0.2), 1 - abs(random.normal(0, 0.36))
        sprite = sprites[at % len(sprites)]
        x = int(left + np.clip(along[0], 0.0, 1.0) * (wide - side))
        y = int(top + np.clip(along[1], 0.0, 1.0) * (high - side))
        _lay(canvas, sprite, x, y)


def _sprite(
    food: str, side: int, colour: tuple[int, int, int], random: np.random.Generator
) -> Floats:
    """RGB and alpha of one piece, lit from the upper left."""
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32) / side * 2 - 1
    turn = random.uniform(0, np.pi)
    u, v = xs * np.cos(turn) + ys * np.sin(turn), ys * np.cos(turn) - xs * np.sin(turn)
    flat = {"cookies": 0.82, "chips": 0.62, "chocolate": 0.55, "grains": 0.62}.get(food, 0.94)
    if food == "chocolate":
        reach = np.maximum(np.abs(u), np.abs(v) / flat)
    else:
        reach = np.hypot(u, v / flat)
    lobes = 0.05 if food in ("fruit", "cookies", "chips", "sauce") else 0.015
    reach = reach + lobes * np.sin(random.integers(3, 7) * np.arctan2(v, u) + turn)
    alpha = np.clip((0.93 - reach) * side / 4, 0, 1)
    if food == "rings":
        alpha *= np.clip((reach - 0.36) * side / 4, 0, 1)
    height = np.sqrt(np.clip(1 - reach**2, 0.02, 1))
    if food in ("cookies", "chips", "chocolate"):
        height = height**0.4
    light = np.clip(0.55 + 0.5 * height - 0.28 * (xs * 0.6 + ys), 0.25, 1.35)
    grain = cv2.GaussianBlur(random.normal(0, 1, (side, side)).astype(np.float32), (0, 0), 1.2)
    shade = light * (1 + 0.12 * grain)
    rgb = np.array(colour, np.float32) * shade[:, :, None]
    if food == "cookies":
        for _ in range(9):
            x, y = random.uniform(-0.6, 0.6, 2)
            chip = np.clip((0.13 - np.hypot(xs - x, ys - y)) * side / 3, 0, 1)[:, :, None]
            rgb = rgb * (1 - chip) + np.array((58, 34, 24), np.float32) * chip
    if food in ("fruit", "sauce", "milk"):
        glint = np.exp(-(((xs + 0.35) ** 2 + (ys + 0.4) ** 2) / 0.05))[:, :, None]
        rgb = rgb + 130 * glint
    return np.dstack([rgb.clip(0, 255), alpha]).astype(np.float32)


def _lay(canvas: Floats, sprite: Floats, x: int, y: int) -> None:
    """The piece and the shadow that it throws on what lies below it."""
    for dx, dy, shadow in ((3, 4, True), (0, 0, False)):
        left, top = max(0, x + dx), max(0, y + dy)
        right = min(canvas.shape[1], x + dx + sprite.shape[1])
        bottom = min(canvas.shape[0], y + dy + sprite.shape[0])
        if right <= left or bottom <= top:
            return
        part = sprite[top - y - dy : bottom - y - dy, left - x - dx : right - x - dx]
        alpha = part[:, :, 3:] * (0.35 if shadow else 1.0)
        below = canvas[top:bottom, left:right]
        below *= 1 - alpha
        if not shadow:
            below += part[:, :, :3] * alpha
