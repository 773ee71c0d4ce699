"""Price stickers over part of a picture."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from recipes.octagons.fonts import WARNING, font
from recipes.octagons.scenes import Scene


def sticker(scene: Scene, box: tuple[int, int, int, int], random: np.random.Generator) -> None:
    """An offer, stuck over part of what lies in `box` (left, top, right, bottom)."""
    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    radius = side * random.uniform(0.35, 0.7)
    angle = random.uniform(0, 2 * np.pi)
    reach = side * 0.5 + radius * random.uniform(0.2, 0.75)
    x = (left + right) / 2 + np.cos(angle) * reach
    y = (top + bottom) / 2 + np.sin(angle) * reach
    fill = [(250, 210, 30), (220, 30, 40), (30, 140, 70), (250, 250, 250)][random.integers(4)]
    size = scene.rgb.shape[1], scene.rgb.shape[0]
    mask = Image.new("L", size, 0)
    shape = (x - radius, y - radius, x + radius, y + radius)
    round_ = random.random() < 0.6
    draw = ImageDraw.Draw(mask)
    (draw.ellipse if round_ else draw.rectangle)(shape, fill=255)
    picture = Image.new("RGB", size, fill)
    words = ImageDraw.Draw(picture)
    text = ["OFERTA", "2x1", "-20%", "$ 99", "NUEVO"][random.integers(5)]
    ink = (20, 20, 20) if sum(fill) > 380 else (255, 255, 255)
    words.text(
        (x, y), text, font=font(WARNING[0], max(8, int(radius * 0.5))), fill=ink, anchor="mm"
    )
    share = cv2.GaussianBlur(np.asarray(mask, np.float32) / 255, (0, 0), 0.8)[:, :, None]
    scene.rgb[:] = scene.rgb * (1 - share) + np.asarray(picture, np.float32) * share
    scene.numbers[share[:, :, 0] > 0.5] = 0
