"""Training data in memory: photos, cut-outs and backgrounds, without the held-back pictures.

Loads files and applies the split; composes no samples and knows nothing of the network.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.boxes import iou
from recipes.fruits.judged import judged_names
from recipes.fruits.labels import (
    MIN_VISIBLE,
    LabeledPhoto,
    labeled_photos,
    picture_name,
    read_picture,
    read_yolo,
)
from recipes.fruits.settings import EmptySource, PhotoSource, Settings

MAX_PHOTO_SIDE = 512  # longer side in pixels; the network's input is 416
MAX_CUTOUT_SIDE = 320
BUNCH_IOU = 0.25  # minimum IoU of neighbors in a bunch
SCENE_PHOTOS = 8  # as many photos as one scene weighs, however often it was photographed


@dataclass(frozen=True)
class Photo:
    """A photo in memory; `rows` are (label, x1, y1, x2, y2) in its pixels, -1 = ignored.

    `any_hue`: its hues may be shifted without creating something that looks like fruit.
    """

    name: str
    pixels: np.ndarray
    rows: np.ndarray
    weight: float
    any_hue: bool = False


@dataclass(frozen=True)
class Cutout:
    """An object on a transparent background (BGRA); label None = not counted.

    A bunch has a box for each of its fruits in `parts`; for a single fruit it is empty.
    """

    label: int | None
    pixels: np.ndarray
    parts: np.ndarray
    weight: float


@dataclass(frozen=True)
class TrainingData:
    """Everything that a training run may use."""

    photos: tuple[Photo, ...]
    cutouts: tuple[Cutout, ...]
    backgrounds: tuple[Photo, ...]


def held_back(settings: Settings) -> set[str]:
    """Names of the pictures that are never trained on but steer the recipe."""
    return read_names(settings.held_back)


def read_names(path: Path | None) -> set[str]:
    if path is None or not path.exists():
        return set()
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def load_training_data(settings: Settings) -> TrainingData:
    """Everything except what is held back, downscaled and kept as bytes."""
    excluded = held_back(settings) | judged_names(settings.judged)
    photos: list[Photo] = []
    for source in settings.photos:
        labeled = [
            photo for photo in labeled_photos(source, settings.labels) if photo.name not in excluded
        ]
        sampling_weights = _sampling_weights(source, labeled)
        photos += [
            load_photo(photo, weight=source.share * sampling_weight / sum(sampling_weights))
            for photo, sampling_weight in zip(labeled, sampling_weights, strict=True)
        ]
    backgrounds: list[Photo] = []
    for empty in settings.empty:
        names = [picture for picture in empty_pictures(empty) if picture[1] not in excluded]
        for path, name in names:
            background = load_photo(LabeledPhoto(path, name), weight=empty.share / len(names))
            backgrounds.append(replace(background, any_hue=empty.any_hue))
    data = TrainingData(tuple(photos), tuple(_load_cutouts(settings)), tuple(backgrounds))
    if not data.photos and not data.cutouts:
        raise ValueError("no labeled photo and no cut-out was found; check the configured folders")
    return data


def _sampling_weights(source: PhotoSource, photos: Sequence[LabeledPhoto]) -> list[float]:
    """Photos with bunches weigh more, those of a scene photographed many times less."""
    scene = read_names(source.one_scene)
    in_scene = sum(photo.path.name in scene for photo in photos)
    return [
        (source.bunched if has_bunch(photo) else 1.0)
        * (min(1.0, SCENE_PHOTOS / in_scene) if photo.path.name in scene else 1.0)
        for photo in photos
    ]


def has_bunch(photo: LabeledPhoto) -> bool:
    """Whether two fruits of one label overlap so much that a strict NMS would drop one."""
    rows = np.array([row for row in photo.rows if row[0] >= 0], np.float32).reshape(-1, 5)
    return any(
        first[0] == second[0] and iou(first[1:], second[1:]) > BUNCH_IOU
        for first, second in combinations(rows, 2)
    )


def empty_pictures(source: EmptySource) -> list[tuple[Path, str]]:
    """Path and name of every picture of a folder that shows none of the labels."""
    pictures, exceptions = [], read_names(source.but)
    for path in sorted(source.folder.rglob("*.jpg")) if source.folder.is_dir() else []:
        if source.only and path.parent.name not in source.only:
            continue
        if path.relative_to(source.folder).as_posix() in exceptions:
            continue
        if source.labels is not None:
            label_file = source.labels / f"{path.stem}.txt"
            rows = read_yolo(label_file, width=1, height=1) if label_file.exists() else []
            if any(row[0] in source.without for row in rows):
                continue
        pictures.append((path, picture_name(source.folder, path)))
    return pictures


def load_photo(labeled: LabeledPhoto, *, weight: float = 1.0) -> Photo:
    """A photo downscaled to at most MAX_PHOTO_SIDE pixels, with its boxes."""
    pixels = read_picture(labeled.path)
    factor = min(1.0, MAX_PHOTO_SIDE / max(pixels.shape[:2]))
    rows = np.array(labeled.rows, np.float32).reshape(-1, 5)
    height, width = pixels.shape[:2]
    rows[:, 1::2] = rows[:, 1::2].clip(0, width)
    rows[:, 2::2] = rows[:, 2::2].clip(0, height)
    if factor < 1:
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        rows[:, 1:] *= factor
    return Photo(labeled.name, pixels, rows, weight)


def _load_cutouts(settings: Settings) -> Iterable[Cutout]:
    for source in settings.cutouts:
        folders: list[tuple[str, int | None]] = [
            *((label, index) for index, label in enumerate(settings.labels)),
            *((name, settings.labels.index(label)) for name, label in source.bunches.items()),
            ("none", None),
        ]
        for name, index in folders:
            paths = sorted((source.folder / name).glob("*.webp"))
            paths += sorted(source.folder.glob(f"{name}_*.webp"))
            for path in paths:
                share = source.bunch_share if name in source.bunches else source.share
                # lookalikes are of many kinds, so each weighs the same, wherever it comes from
                weight = 1.0 if index is None else share / len(paths)
                cutout = _load_cutout(path, index, weight)
                if cutout is not None:
                    yield cutout


def _load_cutout(path: Path, label: int | None, weight: float) -> Cutout | None:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4:
        return None  # still being written by a renderer, or not transparent
    parts_file = path.with_suffix(".json")
    parts = np.zeros((0, 4), np.float32)
    if parts_file.exists():
        parts = _visible_parts(json.loads(parts_file.read_text(encoding="utf-8")))
    factor = min(1.0, MAX_CUTOUT_SIDE / max(pixels.shape[:2]))
    if factor < 1:
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return Cutout(label, pixels, parts * np.float32(factor), weight)


def _visible_parts(document: dict[str, list[dict[str, list[float] | float]]]) -> np.ndarray:
    """The boxes of a bunch's fruits, without those hidden by the others."""
    boxes = [
        fruit["box"]
        for fruits in document.values()
        for fruit in fruits
        if float(fruit.get("visible", 1.0)) >= MIN_VISIBLE  # type: ignore[arg-type]
    ]
    return np.array(boxes, np.float32).reshape(-1, 4)
