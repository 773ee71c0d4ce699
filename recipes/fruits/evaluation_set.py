"""Evaluation pictures: held-back photos, rendered pictures, and pictures without fruit.

Each comes with its true counts; evaluate.py runs a detector on them.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.judged import judged_names
from recipes.fruits.labels import LabeledPhoto, labeled_photos, read_picture
from recipes.fruits.settings import ROOT, PhotoSource, Settings
from recipes.fruits.training_data import empty_pictures, held_back


@dataclass(frozen=True)
class View:
    """A simulated variant of a photo: mirrored, in a wider frame, or darker.

    `width_factor` and `height_factor` scale the frame, which is filled with the edge's color.
    """

    mirrored: bool = False
    width_factor: float = 1.0
    height_factor: float = 1.0
    brightness: float = 1.0

    def transformed(self, pixels: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The transformed picture and its boxes."""
        height, width = pixels.shape[:2]
        rows = rows.copy()
        if self.mirrored:
            pixels = pixels[:, ::-1]
            rows[:, [1, 3]] = width - rows[:, [3, 1]]
        left, top = (
            int(width * (self.width_factor - 1) / 2),
            int(height * (self.height_factor - 1) / 2),
        )
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        framed = cv2.copyMakeBorder(
            np.ascontiguousarray(pixels),
            *(top, top, left, left),
            cv2.BORDER_CONSTANT,
            value=tuple(float(v) for v in np.median(edge, axis=0)),
        )
        rows[:, 1:] += np.array([left, top, left, top], np.float32)
        return (framed * self.brightness).astype(np.uint8), rows


FRAMES = ((1.0, 1.0), (1.18, 1.18), (1.3, 1.1), (1.1, 1.3))
VIEWS = tuple(
    View(mirrored, *frame, brightness)
    for mirrored, frame, brightness in product((False, True), FRAMES, (1.0, 0.75))
)


@dataclass(frozen=True)
class EvaluationPicture:
    """A picture, the true count of each label to evaluate, and its boxes (`rows`) if available."""

    name: str
    path: Path
    counts: dict[str, int]
    rows: np.ndarray
    view: View = VIEWS[0]

    def pixels(self) -> np.ndarray:
        """The picture in its view, BGR."""
        return self.view.transformed(read_picture(self.path), self.rows)[0]

    def views(self) -> Iterator["EvaluationPicture"]:
        """This picture in every view: sixteen views depend less on chance than one photo."""
        pixels = read_picture(self.path)
        for view in VIEWS:
            yield replace(self, view=view, rows=view.transformed(pixels, self.rows)[1])


def held_back_photos(settings: Settings, *, tiled: bool = False) -> list[EvaluationPicture]:
    """Photos with boxes that were never trained on but steer the recipe.

    Tiles, of which one photo gives many crowded ones, would outweigh the rest.
    """
    names = held_back(settings)
    return [
        picture
        for source, pictures in _photos_by_source(settings)
        if tiled or not source.tiled
        for picture in pictures
        if picture.name in names
    ]


def calibration_photos(settings: Settings) -> list[EvaluationPicture]:
    """The held-back photos of fruit."""
    return [picture for picture in held_back_photos(settings) if any(picture.counts.values())]


def judged_photos(settings: Settings) -> dict[str, list[EvaluationPicture]]:
    """By source, the photos that only judge."""
    names = judged_names(settings.judged)
    judged: dict[str, list[EvaluationPicture]] = {}
    for _, pictures in _photos_by_source(settings):
        for picture in (picture for picture in pictures if picture.name in names):
            judged.setdefault(picture.name.split("/")[0], []).append(picture)
    return judged


def trained_photos(settings: Settings) -> list[EvaluationPicture]:
    """The other photos of the same folders, which were trained on."""
    names = held_back(settings) | judged_names(settings.judged)
    return [
        picture
        for _, pictures in _photos_by_source(settings)
        for picture in pictures
        if picture.name not in names
    ]


def _photos_by_source(
    settings: Settings,
) -> Iterator[tuple[PhotoSource, list[EvaluationPicture]]]:
    """The real photos of each source; rendered ones are not held back."""
    for source in settings.photos:
        if source.hold_back or source.judged:
            photos = labeled_photos(source, settings.labels)
            yield source, [_to_evaluation_picture(photo, settings.labels) for photo in photos]


def _to_evaluation_picture(photo: LabeledPhoto, labels: tuple[str, ...]) -> EvaluationPicture:
    rows = np.array(photo.rows, np.float32).reshape(-1, 5)
    counts = {label: int((rows[:, 0] == index).sum()) for index, label in enumerate(labels)}
    return EvaluationPicture(photo.name, photo.path, counts, rows)


def rendered_pictures(folder: Path = ROOT / "images") -> list[EvaluationPicture]:
    """The pictures of `folder` with the counts of its truth.csv."""
    counts: dict[str, dict[str, int]] = {}
    truth = folder / "truth.csv"
    if truth.exists():
        with truth.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                counts.setdefault(row["file"], {})[row["object"]] = int(row["count"])
    no_boxes = np.zeros((0, 5), np.float32)
    return [
        EvaluationPicture(name, folder / name, label_counts, no_boxes)
        for name, label_counts in counts.items()
    ]


def pictures_without_fruit(settings: Settings) -> tuple[list[Path], list[Path]]:
    """Everyday pictures without any label: those trained on, and those held back."""
    held_back_set = held_back(settings)
    trained: list[Path] = []
    unseen: list[Path] = []
    for source in (source for source in settings.empty if source.labels is not None):
        for path, name in empty_pictures(source):
            (unseen if name in held_back_set else trained).append(path)
    return trained, unseen


def everyday_pictures(settings: Settings) -> list[EvaluationPicture]:
    """The everyday pictures without any label that were held back, with counts of zero."""
    _, unseen = pictures_without_fruit(settings)
    no_boxes = np.zeros((0, 5), np.float32)
    zeros = dict.fromkeys(settings.labels, 0)
    return [EvaluationPicture(f"everyday/{path.name}", path, zeros, no_boxes) for path in unseen]
