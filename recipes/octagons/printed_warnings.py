"""Where octagons, and what misleads, stand on a front."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from recipes.octagons.designs import Design
from recipes.octagons.fonts import WARNING, font
from recipes.octagons.warning_labels import COUNTRIES, warning_group

Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom."""


def placed_warnings(
    design: Design, size: tuple[int, int], random: np.random.Generator
) -> tuple[list[Any], list[Rectangle]]:
    """The octagons and where they go: one block near an edge, as the rules ask."""
    if not design.kinds:
        return [], []
    labels = warning_group(COUNTRIES[design.country], design.kinds, random)
    width, height = size
    side = int(min(width, height * 0.9) * design.octagon_share)
    gap = max(1, int(side * random.uniform(0.02, 0.09)))
    step = side + gap
    columns = {"row": len(labels), "column": 1, "square": 2}[
        str(random.choice(["row", "column", "square"]))
    ]
    columns = min(columns, len(labels), max(1, int(width * 0.92) // step))
    columns = max(columns, -(-len(labels) // max(1, int(height * 0.9) // step)))
    wide, high = columns * step, -(-len(labels) // columns) * step
    x0 = int(width * 0.96 - wide) if random.random() < 0.7 else int(width * 0.04)
    y0 = int(height * random.choice([0.0, 0.5, 1.0], p=[0.55, 0.15, 0.3]) - high * 0.5)
    y0 = int(np.clip(y0, height * 0.04, height * 0.96 - high))
    places = [(x0 + k % columns * step, y0 + k // columns * step) for k in range(len(labels))]
    return labels, [(x, y, x + side, y + side) for x, y in places]


def print_warnings(picture: Any, numbers: Any, labels: list[Any], boxes: list[Rectangle]) -> None:
    for at, (label, box) in enumerate(zip(labels, boxes, strict=True)):
        side = box[2] - box[0]
        small = label.resize((side, side), Image.Resampling.BICUBIC)
        picture.paste(small, box[:2], small)
        numbers.paste(at + 1, box[:2], small.getchannel("A").point(lambda a: 255 * (a > 127)))


def free_from(boxes: list[Rectangle], height: int) -> float:
    """Where the brand may begin: below octagons that stand at the top."""
    top = [box[3] for box in boxes if box[1] < height * 0.12]
    return min(max(top), height * 0.34) if top else 0.0


def bar_below(picture: Any, text: str, boxes: list[Rectangle]) -> None:
    draw = ImageDraw.Draw(picture)
    left, bottom = min(b[0] for b in boxes), max(b[3] for b in boxes) + 3
    wide, side = max(b[2] for b in boxes) - left, boxes[0][2] - boxes[0][0]
    size = max(7, int(side * 0.14))
    chosen = font(WARNING[1], size)
    length = draw.textlength(text, font=chosen) + size
    left = int(max(0, min(left, picture.size[0] - length)))
    draw.rectangle((left, bottom, left + max(length, wide), bottom + size * 1.5), fill=(12, 12, 12))
    draw.text((left + size / 2, bottom + size * 0.2), text, font=chosen, fill=(250, 250, 250))


def lay_lookalike(
    picture: Any, shape: Any, taken: list[Rectangle], random: np.random.Generator
) -> None:
    """Somewhere on the front where no octagon stands."""
    width, height = picture.size
    share = (
        random.uniform(0.1, 0.26)
        * width
        / max(shape.size)
        * (1.6 if shape.size[0] > 1.6 * shape.size[1] else 1)
    )
    small = shape.resize((max(8, int(shape.size[0] * share)), max(8, int(shape.size[1] * share))))
    for _ in range(12):
        x = int(random.uniform(0.02, 0.98) * max(1, width - small.size[0]))
        y = int(random.uniform(0.03, 0.97) * max(1, height - small.size[1]))
        box = (x, y, x + small.size[0], y + small.size[1])
        if not any(meet(box, other) for other in taken):
            picture.paste(small, (x, y), small)
            taken.append(box)
            return


def meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
