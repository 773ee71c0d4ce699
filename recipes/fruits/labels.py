"""Label files: boxes of photos in VOC and YOLO files, scene files and correction lists.

Opens pictures only to learn their size.
"""

import csv
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.settings import PhotoSource

MIN_VISIBLE = 0.25  # a fruit counts when at least this part of it is visible
IGNORED = -1  # label of a region that is neither fruit nor background
READ = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


@dataclass
class LabeledPhoto:
    """A photo on disk and its boxes: rows of (label, x1, y1, x2, y2) in its pixels."""

    path: Path
    name: str
    rows: list[tuple[int, float, float, float, float]] = field(default_factory=list)


def read_picture(path: Path) -> np.ndarray:
    """A photo's stored pixels, BGR, ignoring its EXIF orientation."""
    picture = cv2.imread(str(path), READ)
    if picture is None:
        raise ValueError(f"{path} is no picture that OpenCV can read; remove or replace it")
    return picture


def labeled_photos(source: PhotoSource, labels: Sequence[str]) -> list[LabeledPhoto]:
    """Every photo of a folder with its boxes, replaced where a correction list has rows for it."""
    if not source.folder.is_dir():
        return []
    corrections, skipped = _read_corrections(source.mended, labels)
    photos = []
    for path in sorted(source.folder.rglob("*.jpg")) + sorted(source.folder.rglob("*.png")):
        name = path.relative_to(source.folder).as_posix()
        if name in skipped or (source.only_mended and name not in corrections):
            continue
        rows = corrections[name] if name in corrections else _read_label_file(path, source, labels)
        if rows is not None:
            photos.append(LabeledPhoto(path, picture_name(source.folder, path), rows))
    return photos


def picture_name(folder: Path, path: Path) -> str:
    """The name used in held_back.txt: folder, the folder above it, and the path below."""
    folder = folder.resolve()
    return f"{folder.parent.name}/{folder.name}/{path.resolve().relative_to(folder).as_posix()}"


def lookalike_photos(source: PhotoSource) -> list[LabeledPhoto]:
    """Photos with a box around each thing that resembles a label but does not count."""
    rows, _ = _read_corrections(source.lookalikes, ())
    return [
        LabeledPhoto(source.folder / name, picture_name(source.folder, source.folder / name), boxes)
        for name, boxes in rows.items()
    ]


Rows = list[tuple[int, float, float, float, float]]


def _read_corrections(
    files: Sequence[Path], labels: Sequence[str]
) -> tuple[dict[str, Rows], set[str]]:
    rows: dict[str, Rows] = {}
    skipped: set[str] = set()
    for path in (file for file in files if file.exists()):
        with path.open(encoding="utf-8", newline="") as file:
            for line_number, line in enumerate(csv.DictReader(file), start=2):
                action = line["action"].strip()
                if action == "skip":
                    skipped.add(line["picture"])
                    continue
                if action not in ("box", "ignore", "lookalike"):
                    raise ValueError(
                        f"{path}:{line_number} has action {action!r}; "
                        "allowed: box, ignore, skip, lookalike"
                    )
                label = _label_index(line["label"], labels, path) if action == "box" else IGNORED
                x1, y1, x2, y2 = (float(line[key]) for key in ("x1", "y1", "x2", "y2"))
                rows.setdefault(line["picture"], []).append((label, x1, y1, x2, y2))
    return rows, skipped


def _label_index(label: str, labels: Sequence[str], path: Path) -> int:
    if label not in labels:
        raise ValueError(f"{path} says {label!r}; the labels are {', '.join(labels)}")
    return labels.index(label)


def _read_label_file(path: Path, source: PhotoSource, labels: Sequence[str]) -> Rows | None:
    """The boxes in the label file of a photo, or None if there is none."""
    if path.with_suffix(".xml").exists():
        return _read_voc(path.with_suffix(".xml"), labels)
    text_file = path.with_suffix(".txt")
    if source.labels is not None:
        text_file = source.labels / text_file.name
    if not text_file.exists():
        return None
    if text_file.read_text(encoding="utf-8")[:1].isalpha():
        return _read_scene(text_file, labels)
    height, width = read_picture(path).shape[:2]
    return read_yolo(text_file, width=width, height=height)


def _read_scene(path: Path, labels: Sequence[str]) -> Rows:
    """The lines of a rendered scene: label, corners in pixels, and visible share."""
    rows: Rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        label, x1, y1, x2, y2, visible = line.split()
        index = _label_index(label, labels, path) if float(visible) >= MIN_VISIBLE else IGNORED
        rows.append((index, float(x1), float(y1), float(x2), float(y2)))
    return rows


def _read_voc(path: Path, labels: Sequence[str]) -> Rows:
    rows: Rows = []
    for item in ET.parse(path).getroot().iter("object"):
        box = item.find("bndbox")
        name = item.findtext("name", "")
        if box is None:
            continue
        x1, y1, x2, y2 = (float(box.findtext(key, "0")) for key in ("xmin", "ymin", "xmax", "ymax"))
        rows.append((_label_index(name, labels, path), x1, y1, x2, y2))
    return rows


def read_yolo(path: Path, *, width: int, height: int) -> Rows:
    """YOLO lines (label, center and size relative to the picture) as boxes in pixels."""
    rows: Rows = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            label, x, y, w, h = line.split()[:5]
            cx, cy = float(x) * width, float(y) * height
            half_w, half_h = float(w) * width / 2, float(h) * height / 2
            rows.append((int(label), cx - half_w, cy - half_h, cx + half_w, cy + half_h))
    return rows
