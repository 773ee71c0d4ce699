"""Small views of the pictures, with the octagons in them: what the detector learns from.

A crop keeps letters as large as the camera saw them and costs a tenth of a whole picture.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

SIDE = 144
"""Pixels of a crop."""
_SIZES = (15.0, 100.0)  # pixels of an octagon in a crop
_SHOWN = 0.55  # of an octagon that a crop's edge cuts; less is nobody's to judge
_DARK = 70


@dataclass(frozen=True)
class Labelled:
    """One picture: pixels (red, green, blue) and its octagons, a row each: kind and four sides."""

    pixels: npt.NDArray[np.uint8]
    octagons: npt.NDArray[np.float32]


def read_labelled(
    folder: Path, parts: tuple[str, ...], *, bare: int | None = None
) -> list[Labelled]:
    """A dataset's pictures of these parts; of those without octagons no more than `bare`."""
    found, without = [], 0
    with (folder / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] in parts]
    # Misleading shapes first: they are what a bare picture can teach.
    rows.sort(key=lambda row: (not row["lookalikes"], row["file"]))
    for row in rows:
        if row["octagons"] == "0":
            without += 1
            if bare is not None and without > bare:
                continue
        found.append(read_one(folder, row["file"]))
    return found


def read_one(folder: Path, file: str) -> Labelled:
    """A picture and its boxes as YOLO writes them."""
    read: Any = cv2.imread(str(folder / file))
    pixels = read[:, :, ::-1]
    high, wide = pixels.shape[:2]
    lines = (folder / "boxes" / Path(file).with_suffix(".txt").name).read_text().split("\n")
    octagons = []
    for kind, x, y, w, h in (map(float, line.split()) for line in lines if line.strip()):
        sides = (x - w / 2) * wide, (y - h / 2) * high, (x + w / 2) * wide, (y + h / 2) * high
        octagons.append((kind, *sides))
    return Labelled(np.ascontiguousarray(pixels), np.array(octagons, np.float32).reshape(-1, 5))


def crop(pictures: list[Labelled], seed: tuple[int, int]) -> tuple[Any, Any, Any]:
    """Pixels of one crop, its octagons (kind, sides), and sides of what it cuts too much to say."""
    random = np.random.default_rng(seed)
    with_octagons = random.random() < 0.6
    picture = pictures[random.integers(len(pictures))]
    while with_octagons and not len(picture.octagons):
        picture = pictures[random.integers(len(pictures))]
    if with_octagons:
        _, *sides = picture.octagons[random.integers(len(picture.octagons))]
        x, y = (sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2
        size = max(sides[2] - sides[0], sides[3] - sides[1])
        scale = float(np.exp(random.uniform(np.log(0.65), np.log(1.5))))
        scale = float(np.clip(scale, _SIZES[0] / size, _SIZES[1] / size))
        reach = max(0.0, SIDE / 2 - size * scale * 0.4)
    else:
        x, y = _dark_place(picture, random)
        scale, reach = float(np.exp(random.uniform(np.log(0.6), np.log(1.5)))), SIDE * 0.3
    offset = random.uniform(-reach, reach, 2)
    matrix = cv2.getRotationMatrix2D((float(x), float(y)), float(random.normal(0, 5)), scale)
    matrix[:, 2] += SIDE / 2 + offset - (x, y)
    how = cv2.INTER_AREA if scale < 0.8 else cv2.INTER_LINEAR
    pixels = cv2.warpAffine(
        picture.pixels, matrix, (SIDE, SIDE), flags=how, borderMode=cv2.BORDER_REFLECT_101
    )
    clear, doubtful = _moved(picture.octagons, matrix, scale)
    return _worn(pixels, random), clear, doubtful


def _dark_place(picture: Labelled, random: np.random.Generator) -> tuple[float, float]:
    """Where black ink is, mostly: that is where a detector may go wrong."""
    high, wide = picture.pixels.shape[:2]
    for _ in range(12):
        x, y = random.uniform(30, wide - 30), random.uniform(30, high - 30)
        if picture.pixels[int(y), int(x)].max() < _DARK:
            break
    return x, y


def _moved(octagons: Any, matrix: Any, scale: float) -> tuple[Any, Any]:
    """An octagon is almost round: turning moves its middle and leaves its box as wide."""
    clear, doubtful = [], []
    for kind, left, top, right, bottom in octagons:
        x, y = matrix @ ((left + right) / 2, (top + bottom) / 2, 1)
        wide, high = (right - left) * scale / 2, (bottom - top) * scale / 2
        whole = np.array((x - wide, y - high, x + wide, y + high))
        seen = whole.clip(0, SIDE)
        share = (seen[2] - seen[0]) * (seen[3] - seen[1]) / (4 * wide * high)
        if share > _SHOWN:
            clear.append((kind, *seen))
        elif share > 0:
            doubtful.append(seen)
    return np.array(clear, np.float32).reshape(-1, 5), np.array(doubtful, np.float32).reshape(-1, 4)


def _worn(pixels: Any, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Other light, other cameras; a mirrored picture would have mirrored letters, so none is."""
    x = pixels.astype(np.float32)
    if random.random() < 0.25:
        x = cv2.GaussianBlur(x, (0, 0), random.uniform(0.4, 1.1))
    x = (x - 128) * random.uniform(0.75, 1.2) + 128 + random.uniform(-22, 22)
    x *= random.uniform(0.93, 1.07, 3).astype(np.float32)
    if random.random() < 0.3:
        x += random.normal(0, random.uniform(1, 7), x.shape).astype(np.float32)
    return x.clip(0, 255).astype(np.uint8)
