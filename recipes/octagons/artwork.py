"""The print of one package's front: ground, brand, product, picture, small print, warnings.

Beside the colours comes a map of numbers, 0 where there is no octagon and 1, 2, … on each: what
bends the print bends the map, so the truth about a finished picture is read from it.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from recipes.octagons import brands
from recipes.octagons.designs import Design
from recipes.octagons.fonts import DISPLAY, TEXT, WARNING, font
from recipes.octagons.food import draw_food
from recipes.octagons.lookalikes import lookalike
from recipes.octagons.printed_warnings import (
    Rectangle,
    bar_below,
    free_from,
    lay_lookalike,
    meet,
    placed_warnings,
    print_warnings,
)
from recipes.octagons.warning_labels import COUNTRIES

_BADGES = ((210, 30, 40), (250, 205, 30), (30, 120, 70), (250, 250, 250), (24, 60, 140))


@dataclass(frozen=True)
class Artwork:
    """RGB print and the map of octagons, of one size; `side` is the colour of plain faces."""

    rgb: npt.NDArray[np.uint8]
    numbers: npt.NDArray[np.uint8]
    side: tuple[int, int, int]


def artwork(design: Design, size: tuple[int, int]) -> Artwork:
    """`size` is (width, height); the design alone decides what is printed."""
    random = np.random.default_rng((design.seed, design.number, 1))
    width, height = size
    main, second, light = _palette(random)
    canvas = _ground(random, size, main, second)
    food, name = brands.product(random)
    low, high = (0.42, 0.86) if random.random() < 0.75 else (0.3, 0.62)
    if random.random() < 0.85:
        box = (int(width * 0.12), int(height * low), int(width * 0.88), int(height * high))
        if random.random() < 0.5:
            _plate(canvas, box, random)
        draw_food(canvas, food, box, design.number)
    picture = Image.fromarray(canvas.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    labels, taken = placed_warnings(design, size, random)
    bottom = _brand(draw, picture, random, second, light, free_from(taken, height))
    _product_name(draw, picture, name, bottom, random, light)
    _claims(draw, picture, food, random, light, list(taken))
    numbers = Image.new("L", size, 0)
    print_warnings(picture, numbers, labels, taken)
    if taken and COUNTRIES[design.country].below and random.random() < 0.7:
        bar_below(picture, COUNTRIES[design.country].below, taken)
    for shape in design.lookalikes:
        lay_lookalike(picture, lookalike(shape, random), taken, random)
    return Artwork(
        np.asarray(picture), np.asarray(numbers), (int(main[0]), int(main[1]), int(main[2]))
    )


def _palette(random: np.random.Generator) -> tuple[Any, Any, Any]:
    """Main colour, one that goes with it, and one to write with."""
    hue = random.random()
    style = random.choice(
        ["vivid", "pale", "dark", "white", "kraft"], p=[0.5, 0.16, 0.16, 0.12, 0.06]
    )
    saturation, value = {
        "vivid": (random.uniform(0.65, 0.95), random.uniform(0.6, 0.95)),
        "pale": (random.uniform(0.15, 0.4), random.uniform(0.85, 0.97)),
        "dark": (random.uniform(0.4, 0.9), random.uniform(0.1, 0.35)),
        "white": (0.03, 0.97),
        "kraft": (0.42, 0.72),
    }[style]
    if style == "kraft":
        hue = 0.09
    main = np.array(colorsys.hsv_to_rgb(hue, saturation, value)) * 255
    other = (hue + random.choice([0.08, 0.45, 0.5, 0.58, -0.1])) % 1
    second = np.array(
        colorsys.hsv_to_rgb(other, random.uniform(0.6, 0.95), random.uniform(0.5, 0.95))
    )
    bright = float(main @ np.array([0.3, 0.59, 0.11])) > 150
    light = np.array((30, 26, 40) if bright else (255, 250, 240))
    return main, second * 255, light


def _ground(random: np.random.Generator, size: tuple[int, int], main: Any, second: Any) -> Any:
    """Plain, graded, waved, striped or rayed, with a little unevenness of print."""
    width, height = size
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = xs / width, ys / height
    kind = random.choice(["plain", "graded", "wave", "band", "rays", "dots", "split"])
    share = np.zeros((height, width), np.float32)
    if kind == "wave":
        line = random.uniform(0.35, 0.7) + 0.06 * np.sin(
            u * random.uniform(3, 7) + random.uniform(0, 6)
        )
        share = np.clip((v - line) * height / 2, 0, 1)
    elif kind == "band":
        at = random.uniform(0.1, 0.35)
        share = ((v > at) & (v < at + random.uniform(0.15, 0.3))).astype(np.float32)
    elif kind == "rays":
        turn = np.arctan2(v - random.uniform(0.3, 0.6), u - 0.5)
        share = 0.35 * (np.sin(turn * int(random.integers(9, 18))) > 0)
    elif kind == "dots":
        step = width / int(random.integers(6, 14))
        share = 0.5 * (np.hypot(xs % step - step / 2, ys % step - step / 2) < step * 0.22)
    elif kind == "split":
        share = np.clip(
            (u + v * random.uniform(-0.6, 0.6) - random.uniform(0.3, 0.7)) * width / 2, 0, 1
        )
    graded = 1 + (0.25 if kind != "plain" else 0.06) * (0.5 - v)
    share = share.astype(np.float32)[:, :, None]
    canvas = main * (1 - share) + second * share
    return (canvas * graded[:, :, None]).astype(np.float32)


def _plate(canvas: Any, box: tuple[int, int, int, int], random: np.random.Generator) -> None:
    """A light oval under the food, as a bowl or a splash of milk seems."""
    left, top, right, bottom = box
    middle = ((left + right) // 2, top + int((bottom - top) * 0.62))
    axes = ((right - left) // 2, int((bottom - top) * 0.46))
    layer = np.zeros(canvas.shape[:2], np.float32)
    cv2.ellipse(layer, middle, axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    tone = np.array(random.choice([(250, 248, 240), (255, 236, 190), (226, 238, 246)]), np.float32)
    layer = cv2.GaussianBlur(layer, (0, 0), random.uniform(1, 14))[:, :, None] * 0.9
    canvas *= 1 - layer
    canvas += tone * layer


def _brand(
    draw: Any, picture: Any, random: np.random.Generator, second: Any, light: Any, free: float
) -> float:
    """The logo: a name on a badge or by itself; returns where it ends."""
    width, height = picture.size
    text = brands.brand_name(random)
    typeface = DISPLAY[random.integers(len(DISPLAY))]
    size = int(height * random.uniform(0.11, 0.2))
    while size > 12 and draw.textlength(text, font=font(typeface, size)) > width * 0.8:
        size -= 3
    chosen = font(typeface, size)
    length, y = draw.textlength(text, font=chosen), height * random.uniform(0.1, 0.2)
    y = max(y, free + size * 0.8)
    x, ink = width / 2, tuple(int(c) for c in light)
    pad = size * 0.35
    badge = random.choice(["none", "oval", "bar", "ribbon"])
    fill = tuple(int(c) for c in second)
    box = (x - length / 2 - pad, y - size * 0.72, x + length / 2 + pad, y + size * 0.72)
    if badge == "oval":
        draw.ellipse((box[0] - pad, box[1] - pad / 2, box[2] + pad, box[3] + pad / 2),
                     fill=fill, outline=(255, 255, 255), width=max(2, size // 14))  # fmt: skip
    elif badge == "bar":
        draw.rounded_rectangle(box, size * 0.3, fill=fill)
    elif badge == "ribbon":
        draw.rectangle((0, box[1], width, box[3]), fill=fill)
    if badge != "none":
        ink = (255, 255, 255) if sum(fill) < 480 else (24, 20, 30)
    edge = max(0, int(size * 0.05)) if random.random() < 0.5 else 0
    draw.text((x + 2, y + 3), text, font=chosen, fill=(20, 20, 20), anchor="mm", stroke_width=edge)
    border = (20, 20, 40) if sum(ink) > 380 else (255, 255, 255)
    draw.text(
        (x, y), text, font=chosen, fill=ink, anchor="mm", stroke_width=edge, stroke_fill=border
    )
    return y + size


def _product_name(
    draw: Any, picture: Any, name: str, y: float, random: np.random.Generator, light: Any
) -> None:
    width, height = picture.size
    typeface = DISPLAY[random.integers(5)]
    size = int(height * random.uniform(0.04, 0.075))
    while size > 9 and draw.textlength(name, font=font(typeface, size)) > width * 0.84:
        size -= 2
    ink = tuple(int(c) for c in light)
    place = (width / 2, y + size * 0.6)
    edge = 2 if random.random() < 0.3 else 0
    draw.text(place, name, font=font(typeface, size), fill=ink, anchor="mm", stroke_width=edge,
              stroke_fill=(255, 255, 255) if sum(ink) < 300 else (30, 30, 30))  # fmt: skip
    flavour = random.choice(
        ["sabor vainilla", "clásico", "con miel", "integral", "frutilla", "original"]
    )
    chosen = font(TEXT[1], max(10, int(size * 0.6)))
    draw.text((place[0], place[1] + size), flavour, font=chosen, fill=ink, anchor="mm")


def _claims(
    draw: Any,
    picture: Any,
    food: str,
    random: np.random.Generator,
    light: Any,
    taken: list[Rectangle],
) -> None:
    width, height = picture.size
    ink = tuple(int(c) for c in light)
    small = font(TEXT[1], max(9, int(height * 0.026)))
    weight = brands.net_weight(food, random)
    side = 0.04 if random.random() < 0.5 else 0.62
    draw.text((width * side, height * random.uniform(0.91, 0.95)), weight, font=small, fill=ink)
    if random.random() < 0.55:
        tiny = font(TEXT[2], max(8, int(height * 0.017)))
        for at, line in enumerate(brands.small_print(random, 34, int(random.integers(2, 6)))):
            place = (width * 0.05, height * (0.88 + at * 0.02))
            draw.text(place, line, font=tiny, fill=ink)
    for _ in range(int(random.integers(0, 3))):
        text = brands.CLAIMS[random.integers(len(brands.CLAIMS))].replace(" ", "\n")
        radius = height * random.uniform(0.055, 0.085)
        x, y = width * random.choice([0.16, 0.84]), height * random.uniform(0.3, 0.82)
        fill = _BADGES[random.integers(len(_BADGES))]
        box = (int(x - radius), int(y - radius), int(x + radius), int(y + radius))
        if any(meet(box, other) for other in taken):
            continue
        taken.append(box)
        draw.ellipse(box, fill=fill, outline=(255, 255, 255), width=2)
        words = (255, 255, 255) if sum(fill) < 480 else (20, 20, 20)
        size = max(8, int(radius * 0.42))
        draw.multiline_text((x, y), text, font=font(WARNING[1], size), fill=words, anchor="mm",
                            align="center", spacing=1)  # fmt: skip
