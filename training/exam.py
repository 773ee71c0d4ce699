"""The pictures that judge: photos held back, rendered pictures, pictures without fruit.

Owns what is asked of each picture; who answers is judge.py's business.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.labels import Boxed, boxed_photos, read_picture
from training.material import empty_pictures, held_back
from training.settings import ROOT, Settings


@dataclass(frozen=True)
class Question:
    """A picture and the true count of each label asked for; `rows` are its boxes, if known."""

    name: str
    path: Path
    counts: dict[str, int]
    rows: np.ndarray

    def pixels(self) -> np.ndarray:
        """The picture, BGR."""
        return read_picture(self.path)


def held_back_photos(settings: Settings) -> list[Question]:
    """Real photos with boxes that were never trained on."""
    kept = held_back(settings)
    return [
        _question(boxed, settings.labels)
        for source in settings.photos
        for boxed in boxed_photos(source, settings.labels)
        if boxed.name in kept
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
