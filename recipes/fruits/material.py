"""What there is to train with, in memory: photos, cut-outs, grounds, and what is held back.

Owns loading and the split. It composes nothing and knows nothing of the network.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.boxes import overlap
from recipes.fruits.labels import (
    COUNTED,
    Boxed,
    boxed_photos,
    picture_name,
    read_picture,
    yolo_rows,
)
from recipes.fruits.settings import Empty, Settings

LARGEST = 512  # pixels kept of a photo's longer side; the network sees 416
LARGEST_CUTOUT = 320
BUNCHED = 0.25  # IoU of neighbours in a bunch, at least


@dataclass(frozen=True)
class Photo:
    """A photo in memory; `rows` are (label, x1, y1, x2, y2) in its pixels, -1 = ignored.

    `any_hue`: it stays without fruit whatever its colours are turned to.
    """

    name: str
    pixels: np.ndarray
    rows: np.ndarray
    weight: float
    any_hue: bool = False


@dataclass(frozen=True)
class Cutout:
    """One thing on a transparent ground (BGRA); label None = something that is not counted.

    A bunch has a box for each of its fruits; for a single fruit `parts` is empty.
    """

    label: int | None
    pixels: np.ndarray
    parts: np.ndarray
    weight: float


@dataclass(frozen=True)
class Material:
    """All that one training run may see."""

    photos: tuple[Photo, ...]
    cutouts: tuple[Cutout, ...]
    grounds: tuple[Photo, ...]


def held_back(settings: Settings) -> set[str]:
    """Names of the photos that judge and are never trained on."""
    return _listed(settings.held_back)


def _listed(path: Path | None) -> set[str]:
    if path is None or not path.exists():
        return set()
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def load_material(settings: Settings) -> Material:
    """Everything but what is held back, reduced and kept as bytes."""
    kept_out = held_back(settings)
    photos: list[Photo] = []
    for source in settings.photos:
        some = [b for b in boxed_photos(source, settings.labels) if b.name not in kept_out]
        say = [source.bunched if is_bunched(boxed) else 1.0 for boxed in some]
        photos += [
            reduced(boxed, weight=source.share * one / sum(say))
            for boxed, one in zip(some, say, strict=True)
        ]
    grounds: list[Photo] = []
    for empty in settings.empty:
        names = [n for n in empty_pictures(empty) if n[1] not in kept_out]
        for path, name in names:
            ground = reduced(Boxed(path, name), weight=empty.share / len(names))
            grounds.append(replace(ground, any_hue=empty.any_hue))
    material = Material(tuple(photos), tuple(_cutouts(settings)), tuple(grounds))
    if not material.photos and not material.cutouts:
        raise ValueError("no photo with boxes and no cut-out was found; check the file's folders")
    return material


def is_bunched(boxed: Boxed) -> bool:
    """Do two fruits of one label overlap by so much that only a careful NMS keeps both?"""
    rows = np.array([row for row in boxed.rows if row[0] >= 0], np.float32).reshape(-1, 5)
    return any(
        one[0] == other[0] and overlap(one[1:], other[1:]) > BUNCHED
        for one, other in combinations(rows, 2)
    )


def empty_pictures(source: Empty) -> list[tuple[Path, str]]:
    """Path and name of every picture of a folder that shows none of the labels."""
    found, excepted = [], _listed(source.but)
    for path in sorted(source.folder.rglob("*.jpg")) if source.folder.is_dir() else []:
        if source.only and path.parent.name not in source.only:
            continue
        if path.relative_to(source.folder).as_posix() in excepted:
            continue
        if source.labels is not None:
            said = source.labels / f"{path.stem}.txt"
            rows = yolo_rows(said, width=1, height=1) if said.exists() else []
            if any(row[0] in source.without for row in rows):
                continue
        found.append((path, picture_name(source.folder, path)))
    return found


def reduced(boxed: Boxed, *, weight: float = 1.0) -> Photo:
    """The photo at no more than LARGEST pixels, its boxes with it."""
    pixels = read_picture(boxed.path)
    factor = min(1.0, LARGEST / max(pixels.shape[:2]))
    rows = np.array(boxed.rows, np.float32).reshape(-1, 5)
    height, width = pixels.shape[:2]
    rows[:, 1::2] = rows[:, 1::2].clip(0, width)
    rows[:, 2::2] = rows[:, 2::2].clip(0, height)
    if factor < 1:
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        rows[:, 1:] *= factor
    return Photo(boxed.name, pixels, rows, weight)


def _cutouts(settings: Settings) -> Iterable[Cutout]:
    for source in settings.cutouts:
        folders: list[tuple[str, int | None]] = [
            *((label, number) for number, label in enumerate(settings.labels)),
            *((name, settings.labels.index(label)) for name, label in source.bunches.items()),
            ("none", None),
        ]
        for name, number in folders:
            paths = sorted((source.folder / name).glob("*.webp"))
            for path in paths:
                share = source.bunch_share if name in source.bunches else source.share
                # lookalikes are of many kinds, so each counts the same, wherever it comes from
                weight = 1.0 if number is None else share / len(paths)
                cutout = _cutout(path, number, weight)
                if cutout is not None:
                    yield cutout


def _cutout(path: Path, label: int | None, weight: float) -> Cutout | None:
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4:
        return None  # still being written by a renderer, or not transparent: nothing to paste
    beside = path.with_suffix(".json")
    parts = np.zeros((0, 4), np.float32)
    if beside.exists():
        parts = _parts(json.loads(beside.read_text(encoding="utf-8")))
    factor = min(1.0, LARGEST_CUTOUT / max(pixels.shape[:2]))
    if factor < 1:
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return Cutout(label, pixels, parts * np.float32(factor), weight)


def _parts(said: dict[str, list[dict[str, list[float] | float]]]) -> np.ndarray:
    """The boxes of a bunch's fruits, without those that the others hide."""
    boxes = [
        one["box"]
        for fruits in said.values()
        for one in fruits
        if float(one.get("visible", 1.0)) >= COUNTED  # type: ignore[arg-type]
    ]
    return np.array(boxes, np.float32).reshape(-1, 4)
