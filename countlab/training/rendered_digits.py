"""Digits as somebody would photograph them: fonts as pens, paper, light, a tilted camera.

Dark ink on light paper mostly, chalk on a dark board sometimes. Which fonts, how many and from
which seed is data in `lab.toml`; fonts that judge are others than fonts that teach.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from countlab.errors import CountlabError
from countlab.imaging.picture import Pixels
from countlab.training.material import Example, Form, example

_LETTERS = "ACDEFGHJKLMNPRTUVWXY"  # none that is written like a digit
_FRAME = 160  # pixels along a side of the photograph
_FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
    Path.home() / ".fonts",
)


@dataclass(frozen=True)
class DigitRecipe:
    """How many pictures, from which fonts (beginnings of file names), from which seed."""

    number: int
    fonts: tuple[str, ...]
    seed: int
    part: str = "train"
    letters: bool = False
    """Capital letters in their place, to see what the model makes of what it never learnt."""


def rendered_examples(recipe: DigitRecipe, form: Form) -> list[Example]:
    """As many of each digit, the fonts in turn."""
    fonts = find_fonts(recipe.fonts)
    examples = []
    for at in range(recipe.number):
        random = np.random.default_rng((recipe.seed, at))
        digit, font = at % 10, fonts[(at // 10) % len(fonts)]
        sign = _LETTERS[at % len(_LETTERS)] if recipe.letters else str(digit)
        pixels = photograph(sign, font, random)
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        name = f"rendered/{recipe.part}/{at:05}-{font.stem}"
        label = -1 if recipe.letters else digit
        examples.append(example(pixels, label, form, name=name, digest=digest, part=recipe.part))
    return examples


def find_fonts(beginnings: Sequence[str]) -> list[Path]:
    """Font files whose names begin so, in the order of their names."""
    files = {
        path.name: path
        for folder in _FONT_FOLDERS
        if folder.is_dir()
        for path in folder.rglob("*.[to]tf")
    }
    found = [files[name] for name in sorted(files) if name.startswith(tuple(beginnings))]
    if not found:
        raise CountlabError("no_fonts", fonts=list(beginnings))
    return found


def photograph(sign: str, font: Path, random: np.random.Generator) -> Pixels:
    """One picture: a digit drawn, tilted, lit, and worn by a camera."""
    stroke = _tilted(_drawn(sign, font, random), random)
    light = random.uniform(150, 255)
    dark = random.uniform(5, min(110.0, light - 70))
    tint = random.uniform(0.88, 1.0, 3)
    paper, ink = (light * tint, dark * random.uniform(0.7, 1.0, 3))
    if random.random() < 0.2:  # chalk on a board
        paper, ink = dark * tint, light * random.uniform(0.85, 1.0, 3)
    share = (stroke.astype(np.float32) / 255)[:, :, None]
    picture = paper * (1 - share) + ink * share
    picture *= _light(random)[:, :, None]
    return _worn(picture, random)


def _drawn(sign: str, font: Path, random: np.random.Generator) -> Any:
    """The digit alone, white on black, as tall as a part of the frame."""
    height = random.uniform(0.3, 0.8) * _FRAME
    pen = ImageFont.truetype(str(font), 100)
    left, top, right, bottom = pen.getbbox(sign)
    pen = ImageFont.truetype(str(font), max(8, int(100 * height / max(1, bottom - top))))
    width = int(random.choice([0, 0, 0, 1, 2, 3]) * height / 80)
    left, top, right, bottom = pen.getbbox(sign, stroke_width=width)
    picture = Image.new("L", (_FRAME, _FRAME))
    room = (_FRAME - (right - left), _FRAME - (bottom - top))
    at = [max(4, int(random.uniform(0.15, 0.85) * max(1, space))) for space in room]
    draw = ImageDraw.Draw(picture)
    place = (at[0] - left, at[1] - top)
    draw.text(place, sign, font=pen, fill=255, stroke_width=width)
    return np.array(picture)


def _tilted(stroke: Any, random: np.random.Generator) -> Any:
    """Turned a little about its own middle and seen from the side."""
    rows, columns = np.nonzero(stroke)
    middle = (float(columns.mean()), float(rows.mean())) if len(rows) else (_FRAME / 2,) * 2
    turn = cv2.getRotationMatrix2D(middle, float(random.normal(0, 8)), 1.0)
    turn[0, 1] += random.normal(0, 0.08)
    turn[0, 2] -= random.normal(0, 0.02) * middle[1]
    stroke = cv2.warpAffine(stroke, turn, (_FRAME, _FRAME))
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * _FRAME
    moved = corners + random.normal(0, 0.04 * _FRAME, (4, 2)).astype(np.float32)
    return cv2.warpPerspective(
        stroke, cv2.getPerspectiveTransform(corners, moved), (_FRAME, _FRAME)
    )


def _light(random: np.random.Generator) -> Any:
    """Falls off to one side; sometimes a hand's shadow lies across, soft at its edge."""
    across = np.linspace(-0.5, 0.5, _FRAME, dtype=np.float32)
    slope = random.normal(0, 0.25, 2)
    light = 1 + slope[0] * across[None, :] + slope[1] * across[:, None]
    if random.random() < 0.35:
        angle, at = random.uniform(0, 2 * np.pi), random.uniform(-0.3, 0.3)
        side = np.cos(angle) * across[None, :] + np.sin(angle) * across[:, None] - at
        softness = random.uniform(0.02, 0.15)
        light = light * (1 - random.uniform(0.15, 0.45) / (1 + np.exp(-side / softness)))
    return np.clip(light, 0.25, 1.6)


def _worn(picture: Any, random: np.random.Generator) -> Pixels:
    """Blur, noise and JPEG, as a telephone leaves them."""
    picture = cv2.GaussianBlur(picture, (0, 0), float(random.uniform(0.3, 1.6)))
    picture = picture + random.normal(0, random.uniform(1, 9), picture.shape)
    pixels = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(50, 96))]
    _, packed = cv2.imencode(".jpg", pixels, quality)
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
