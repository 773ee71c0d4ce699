"""What is true of each picture of a dataset that was rendered: its octagons and what misleads."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from recipes.octagons.model import KINDS


@dataclass(frozen=True)
class TrueOctagon:
    """Its kind and its four sides in pixels."""

    kind: str
    box: tuple[float, float, float, float]

    @property
    def side(self) -> float:
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


@dataclass(frozen=True)
class Picture:
    """A picture that judges."""

    path: Path
    octagons: tuple[TrueOctagon, ...]
    lookalikes: tuple[str, ...]
    place: str
    form: str


def read_part(folder: Path, part: str) -> list[Picture]:
    """The pictures of one part, as `labels.csv` and `boxes/` have them."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == part]
    return [
        Picture(
            folder / row["file"],
            _octagons(folder, folder / row["file"]),
            tuple(row["lookalikes"].split()),
            row["place"],
            row["form"],
        )
        for row in rows
    ]


def _octagons(folder: Path, picture: Path) -> tuple[TrueOctagon, ...]:
    text = (folder / "boxes" / picture.with_suffix(".txt").name).read_text()
    lines = [[float(v) for v in line.split()] for line in text.split("\n") if line.strip()]
    if not lines:
        return ()
    read: Any = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    high, wide = read.shape
    found = []
    for kind, x, y, w, h in lines:
        box = (x - w / 2) * wide, (y - h / 2) * high, (x + w / 2) * wide, (y + h / 2) * high
        found.append(TrueOctagon(KINDS[int(kind)], box))
    return tuple(found)
