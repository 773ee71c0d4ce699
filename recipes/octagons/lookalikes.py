"""Black shapes that are no warning octagon, to keep a model from answering to black ink."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from recipes.octagons.fonts import TEXT, WARNING, font
from recipes.octagons.warning_labels import octagon_points

SHAPES = (
    "square",
    "circle",
    "stop",
    "magnifier",
    "notice",
    "hexagon",
    "barcode",
    "diamond",
    "seal",
)
_SIDE = 240
_INK, _PAPER = (14, 14, 15, 255), (250, 250, 250, 255)
_WORDS = {
    "square": ("100%\nARÁBICA", "NUEVO\nSABOR", "SIN\nTACC", "EXTRA\nFUERTE", "70%\nCACAO"),
    "circle": ("SIN\nGLUTEN", "ALTO EN\nFIBRA", "0%\nAZÚCAR", "VEGANO", "BIO", "PRO\n20 g"),
    "hexagon": ("MIEL\nPURA", "HECHO EN\nCASA", "DESDE\n1952"),
    "diamond": ("PICANTE", "NUEVO", "XL"),
    "seal": ("CALIDAD\nPREMIUM", "2×1", "GANE\nPREMIOS", "ALTO EN\nHIERRO"),
    "stop": ("STOP", "PARE", "ALTO"),
}


def lookalike(shape: str, random: np.random.Generator) -> Image.Image:
    """One shape on a transparent ground, trimmed to what is drawn."""
    picture = _DRAWN.get(shape, _worded)(shape, random)
    box: Any = picture.getchannel("A").getbbox()
    return picture.crop(box).resize(
        (max(1, (box[2] - box[0]) // 2), max(1, (box[3] - box[1]) // 2)), Image.Resampling.LANCZOS
    )


def _worded(shape: str, random: np.random.Generator) -> Image.Image:
    picture = Image.new("RGBA", (_SIDE * 2, _SIDE * 2), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    side = _SIDE * 2
    ink, inset = _INK, side * 0.03
    if shape == "stop":  # red as on the road
        ink = (int(random.integers(170, 215)), 22, 28, 255)
    draw.polygon(_outline(shape, side, 0), fill=_PAPER)
    draw.polygon(_outline(shape, side, inset), fill=ink)
    if random.random() < 0.5:
        draw.polygon(_outline(shape, side, inset * 1.8), fill=_PAPER)
        draw.polygon(_outline(shape, side, inset * 2.5), fill=ink)
    choices = _WORDS[shape]
    lines = choices[random.integers(len(choices))].split("\n")
    typeface = WARNING[random.integers(len(WARNING))]
    size = int(side * (0.22 if len(lines) > 1 else 0.26))
    longest = max(lines, key=len)
    while draw.textlength(longest, font=font(typeface, size)) > side * 0.68:
        size -= 4
    for at, text in enumerate(lines):
        y = side / 2 + (at - (len(lines) - 1) / 2) * size * 1.1
        draw.text((side / 2, y), text, font=font(typeface, size), fill=_PAPER, anchor="mm")
    return picture


def _outline(shape: str, side: float, inset: float) -> list[tuple[float, float]]:
    if shape == "stop":
        return octagon_points(side, inset)
    middle, radius = side / 2, side / 2 - inset
    corners = {"square": 4, "diamond": 4, "hexagon": 6, "circle": 64, "seal": 40}[shape]
    start = math.pi / 4 if shape == "square" else math.pi / 2
    points = []
    for k in range(corners):
        reach = radius * (0.9 if shape == "seal" and k % 2 else 1.0)
        turn = start + 2 * math.pi * k / corners
        points.append((middle + reach * math.cos(turn), middle + reach * math.sin(turn)))
    return points


def _magnifier(_: str, random: np.random.Generator) -> Image.Image:
    """Brazil's label: a white bar with a magnifying glass and black words."""
    picture = Image.new("RGBA", (_SIDE * 4, _SIDE * 2), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    wide, high = _SIDE * 3.6, _SIDE * 1.3
    draw.rounded_rectangle((4, 4, wide, high), 40, fill=_PAPER, outline=_INK, width=14)
    middle, radius = high / 2, high * 0.27
    x = high * 0.52
    draw.rectangle((20, 20, high, high - 16), fill=_INK)
    glass = (x - radius, middle - radius - 14, x + radius, middle + radius - 14)
    draw.ellipse(glass, outline=_PAPER, width=26)
    draw.line((x + radius * 0.6, middle + radius * 0.45, x + radius * 1.4, middle + radius * 1.3),
              fill=_PAPER, width=34)  # fmt: skip
    words = ("AÇÚCAR\nADICIONADO", "GORDURA\nSATURADA", "SÓDIO")[random.integers(3)].split("\n")
    draw.text((high + 24, high * 0.09), "ALTO EM", font=font(WARNING[0], 62), fill=_INK)
    for at, text in enumerate(words):
        chosen = font(WARNING[0], 86)
        draw.text((high + 24, high * 0.34 + at * 90), text, font=chosen, fill=_INK)
    return picture


def _notice(_: str, random: np.random.Generator) -> Image.Image:
    """Mexico's black bars, and others like them: words in a black rectangle."""
    texts = (
        "CONTIENE EDULCORANTES\nNO RECOMENDABLE EN NIÑOS",
        "CONTIENE CAFEÍNA\nEVITAR EN NIÑOS",
        "MANTENER EN LUGAR\nFRESCO Y SECO",
        "INDUSTRIA\nARGENTINA",
    )
    lines = texts[random.integers(len(texts))].split("\n")
    chosen = font(WARNING[1], 56)
    picture = Image.new("RGBA", (900, 70 * len(lines) + 50), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    wide = max(draw.textlength(text, font=chosen) for text in lines) + 60
    draw.rectangle((0, 0, wide, 70 * len(lines) + 40), fill=_PAPER)
    draw.rectangle((7, 7, wide - 7, 70 * len(lines) + 33), fill=_INK)
    for at, text in enumerate(lines):
        draw.text((wide / 2, 20 + at * 70), text, font=chosen, fill=_PAPER, anchor="ma")
    return picture


def _barcode(_: str, random: np.random.Generator) -> Image.Image:
    picture = Image.new("RGBA", (420, 260), _PAPER)
    draw = ImageDraw.Draw(picture)
    x = 24
    while x < 390:
        bar = int(random.integers(2, 10))
        draw.rectangle((x, 16, x + bar, 210), fill=_INK)
        x += bar + int(random.integers(3, 10))
    digits = " ".join("".join(str(d) for d in random.integers(0, 10, n)) for n in (1, 6, 6))
    draw.text((210, 216), digits, font=font(TEXT[3], 34), fill=_INK, anchor="ma")
    return picture


_DRAWN = {"magnifier": _magnifier, "notice": _notice, "barcode": _barcode}
