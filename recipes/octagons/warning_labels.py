"""Warning labels as five countries print them: a black octagon, its words, and who says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from recipes.octagons.fonts import WARNING, font

KINDS = ("sugars", "sodium", "fats", "calories")
_SIDE = 320  # pixels that a label is drawn with


@dataclass(frozen=True, eq=False)
class Country:
    """What stands in an octagon: the first line, the nutrients, the authority."""

    name: str
    opening: str
    nutrients: dict[str, tuple[str, ...]]
    authority: str
    border: float
    """Width of the white line within the black edge, as a share of the side."""
    below: str = ""
    """Peru prints a sentence in a black bar under the octagons."""


COUNTRIES = (
    Country(
        "chile",
        "ALTO EN",
        {
            "sugars": ("AZÚCARES",),
            "sodium": ("SODIO",),
            "fats": ("GRASAS SATURADAS",),
            "calories": ("CALORÍAS",),
        },
        "Ministerio\nde Salud",
        0.022,
    ),
    Country(
        "uruguay",
        "EXCESO",
        {"sugars": ("AZÚCARES",), "sodium": ("SODIO",), "fats": ("GRASAS", "GRASAS SATURADAS")},
        "MSP",
        0.02,
    ),
    Country(
        "peru",
        "ALTO EN",
        {"sugars": ("AZÚCAR",), "sodium": ("SODIO",), "fats": ("GRASAS SATURADAS",)},
        "Ministerio\nde Salud",
        0.026,
        "EVITAR SU CONSUMO EXCESIVO",
    ),
    Country(
        "mexico",
        "EXCESO",
        {
            "sugars": ("AZÚCARES",),
            "sodium": ("SODIO",),
            "fats": ("GRASAS SATURADAS", "GRASAS TRANS"),
            "calories": ("CALORÍAS",),
        },
        "SECRETARÍA DE\nSALUD",
        0.03,
    ),
    Country(
        "argentina",
        "EXCESO EN",
        {
            "sugars": ("AZÚCARES",),
            "sodium": ("SODIO",),
            "fats": ("GRASAS TOTALES", "GRASAS SATURADAS"),
            "calories": ("CALORÍAS",),
        },
        "Ministerio\nde Salud",
        0.022,
    ),
)


def octagon_points(side: float, inset: float = 0.0) -> list[tuple[float, float]]:
    """Eight corners, a flat side on top, within a square of `side`."""
    middle, radius = side / 2, (side / 2 - inset) / math.cos(math.pi / 8)
    turns = [(2 * k + 1) * math.pi / 8 for k in range(8)]
    return [(middle + radius * math.cos(t), middle + radius * math.sin(t)) for t in turns]


@cache
def warning_label(country: Country, kind: str, variant: int, typeface: str) -> Image.Image:
    """One octagon with a transparent surrounding; `variant` chooses among a kind's wordings."""
    picture = Image.new("RGBA", (_SIDE, _SIDE), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    border = country.border * _SIDE
    draw.polygon(octagon_points(_SIDE, 1), fill=(252, 252, 252, 255))
    draw.polygon(octagon_points(_SIDE, 1 + border * 0.8), fill=(14, 13, 14, 255))
    draw.polygon(octagon_points(_SIDE, 1 + border * 1.8), fill=(248, 248, 248, 255))
    draw.polygon(octagon_points(_SIDE, 1 + border * 2.6), fill=(12, 12, 13, 255))
    wordings = country.nutrients[kind]
    words = wordings[variant % len(wordings)].split(" ")
    lines = [country.opening, *words]
    sizes = [44 if len(words) == 1 else 40, *([58] if len(words) == 1 else [48, 48])]
    authority = country.authority.split("\n")
    total = sum(sizes) + 6 * len(lines) + 19 * len(authority)
    y = _SIDE * 0.49 - total / 2
    for text, size in zip(lines, sizes, strict=True):
        y += _centered_line(draw, text, typeface, size, y) + 6
    y = max(y + 10, _SIDE * 0.75)
    for text in authority:
        y += _centered_line(draw, text, typeface, 19, y) + 3
    return picture.resize((_SIDE // 2, _SIDE // 2), Image.Resampling.LANCZOS)


def _centered_line(draw: ImageDraw.ImageDraw, text: str, typeface: str, size: int, y: float) -> int:
    """Written as large as the octagon's width at that height allows."""
    room = _SIDE * (0.86 if abs(y + size / 2 - _SIDE / 2) < _SIDE * 0.22 else 0.64)
    chosen = font(typeface, size)
    if (length := draw.textlength(text, font=chosen)) > room:
        size = int(size * room / length)
        chosen = font(typeface, size)
    draw.text((_SIDE / 2, y), text, font=chosen, fill=(250, 250, 250, 255), anchor="ma")
    return size


def warning_group(
    country: Country, kinds: tuple[str, ...], random: np.random.Generator
) -> list[Image.Image]:
    """The octagons of one package, all in one typeface."""
    typeface, variant = WARNING[random.integers(len(WARNING))], int(random.integers(2))
    return [warning_label(country, kind, variant, typeface) for kind in kinds]
