"""The pictures that judge: photos held back, rendered pictures, pictures without fruit.

Owns what is asked of each picture; who answers is judge.py's business.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.labels import Boxed, boxed_photos, read_picture
from recipes.fruits.material import empty_pictures, held_back
from recipes.fruits.settings import ROOT, Settings


@dataclass(frozen=True)
class View:
    """A photo as it might have been taken: from a little further off, in less light, mirrored.

    `across` and `down` say how much wider and taller the frame is, filled with the edge's colour.
    """

    mirrored: bool = False
    across: float = 1.0
    down: float = 1.0
    light: float = 1.0

    def of(self, pixels: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The picture seen so, and its boxes there."""
        tall, wide = pixels.shape[:2]
        rows = rows.copy()
        if self.mirrored:
            pixels = pixels[:, ::-1]
            rows[:, [1, 3]] = wide - rows[:, [3, 1]]
        left, top = int(wide * (self.across - 1) / 2), int(tall * (self.down - 1) / 2)
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        framed = cv2.copyMakeBorder(
            np.ascontiguousarray(pixels),
            *(top, top, left, left),
            cv2.BORDER_CONSTANT,
            value=tuple(float(v) for v in np.median(edge, axis=0)),
        )
        rows[:, 1:] += np.array([left, top, left, top], np.float32)
        return (framed * self.light).astype(np.uint8), rows


FRAMES = ((1.0, 1.0), (1.18, 1.18), (1.3, 1.1), (1.1, 1.3))
VIEWS = tuple(
    View(mirrored, *frame, light)
    for mirrored, frame, light in product((False, True), FRAMES, (1.0, 0.75))
)


@dataclass(frozen=True)
class Question:
    """A picture and the true count of each label asked for; `rows` are its boxes, if known."""

    name: str
    path: Path
    counts: dict[str, int]
    rows: np.ndarray
    view: View = VIEWS[0]

    def pixels(self) -> np.ndarray:
        """The picture as it is seen here, BGR."""
        return self.view.of(read_picture(self.path), self.rows)[0]

    def views(self) -> Iterator["Question"]:
        """The same question of each view: what one photo's luck decides, sixteen do less."""
        pixels = read_picture(self.path)
        for view in VIEWS:
            yield replace(self, view=view, rows=view.of(pixels, self.rows)[1])


def held_back_photos(settings: Settings) -> list[Question]:
    """Real photos with boxes that were never trained on."""
    return _photos(settings, held=True)


def trained_photos(settings: Settings) -> list[Question]:
    """The other photos of the same folders: a detector that fits what it saw counts them right."""
    return _photos(settings, held=False)


def _photos(settings: Settings, *, held: bool) -> list[Question]:
    kept = held_back(settings)
    return [
        _question(boxed, settings.labels)
        for source in settings.photos
        if source.hold_back
        for boxed in boxed_photos(source, settings.labels)
        if (boxed.name in kept) == held
    ]


def _question(boxed: Boxed, labels: tuple[str, ...]) -> Question:
    rows = np.array(boxed.rows, np.float32).reshape(-1, 5)
    counts = {x: int((rows[:, 0] == n).sum()) for n, x in enumerate(labels)}
    return Question(boxed.name, boxed.path, counts, rows)


def rendered(folder: Path = ROOT / "images") -> list[Question]:
    """The pictures of the lab with what truth.csv says of them."""
    counts: dict[str, dict[str, int]] = {}
    truth = folder / "truth.csv"
    if truth.exists():
        with truth.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                counts.setdefault(row["file"], {})[row["object"]] = int(row["count"])
    nothing = np.zeros((0, 5), np.float32)
    return [Question(name, folder / name, said, nothing) for name, said in counts.items()]


def without_fruit(settings: Settings) -> tuple[list[Path], list[Path]]:
    """Everyday pictures without any label: those trained on, and those held back."""
    kept = held_back(settings)
    trained: list[Path] = []
    fresh: list[Path] = []
    for source in (one for one in settings.empty if one.labels is not None):
        for path, name in empty_pictures(source):
            (fresh if name in kept else trained).append(path)
    return trained, fresh
