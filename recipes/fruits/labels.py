"""Which boxes a photo has: read from VOC, YOLO and the mended lists.

Owns the label formats; it opens pictures only to know their size.
"""

import csv
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from recipes.fruits.settings import Photos

COUNTED = 0.25  # of a fruit must be visible for it to count: the rule of the labels
IGNORED = -1  # the label of a region that is neither fruit nor background
READ = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


@dataclass
class Boxed:
    """One photo on disk and its boxes: rows of (label, x1, y1, x2, y2) in its pixels."""

    path: Path
    name: str
    rows: list[tuple[int, float, float, float, float]] = field(default_factory=list)


def read_picture(path: Path) -> np.ndarray:
    """A photo's stored pixels, BGR, whatever orientation its EXIF states."""
    picture = cv2.imread(str(path), READ)
    if picture is None:
        raise ValueError(f"{path} is no picture that OpenCV can read; remove or replace it")
    return picture


def boxed_photos(source: Photos, labels: Sequence[str]) -> list[Boxed]:
    """Every photo of a folder with its boxes, mended where a list mends it."""
    if not source.folder.is_dir():
        return []
    mended, skipped = _mended(source.mended, labels)
    found = []
    for path in sorted(source.folder.rglob("*.jpg")) + sorted(source.folder.rglob("*.png")):
        name = path.relative_to(source.folder).as_posix()
        if name in skipped or (source.only_mended and name not in mended):
            continue
        rows = mended[name] if name in mended else _beside(path, labels)
        if rows is not None:
            found.append(Boxed(path, picture_name(source.folder, path), rows))
    return found


def picture_name(folder: Path, path: Path) -> str:
    """How held_back.txt calls a picture: its folder, the folder above, and the path below."""
    folder = folder.resolve()
    return f"{folder.parent.name}/{folder.name}/{path.resolve().relative_to(folder).as_posix()}"


def lookalike_photos(source: Photos) -> list[Boxed]:
    """The photos with a box around each thing that is not counted but looks like it."""
    rows, _ = _mended(source.lookalikes, ())
    return [
        Boxed(source.folder / name, picture_name(source.folder, source.folder / name), boxes)
        for name, boxes in rows.items()
    ]


Rows = list[tuple[int, float, float, float, float]]


def _mended(files: Sequence[Path], labels: Sequence[str]) -> tuple[dict[str, Rows], set[str]]:
    rows: dict[str, Rows] = {}
    skipped: set[str] = set()
    for path in (file for file in files if file.exists()):
        with path.open(encoding="utf-8", newline="") as file:
            for number, line in enumerate(csv.DictReader(file), start=2):
                action = line["action"].strip()
                if action == "skip":
                    skipped.add(line["picture"])
                    continue
                if action not in ("box", "ignore", "lookalike"):
                    raise ValueError(
                        f"{path}:{number} has action {action!r}; "
                        "allowed: box, ignore, skip, lookalike"
                    )
                label = _number(line["label"], labels, path) if action == "box" else IGNORED
                x1, y1, x2, y2 = (float(line[key]) for key in ("x1", "y1", "x2", "y2"))
                rows.setdefault(line["picture"], []).append((label, x1, y1, x2, y2))
    return rows, skipped


def _number(label: str, labels: Sequence[str], where: Path) -> int:
    if label not in labels:
        raise ValueError(f"{where} says {label!r}; the labels are {', '.join(labels)}")
    return labels.index(label)


def _beside(path: Path, labels: Sequence[str]) -> Rows | None:
    """The boxes in the label file beside a photo, or None where there is none."""
    if path.with_suffix(".xml").exists():
        return _voc(path.with_suffix(".xml"), labels)
    beside = path.with_suffix(".txt")
    if not beside.exists():
        return None
    if beside.read_text(encoding="utf-8")[:1].isalpha():
        return _scene_rows(beside, labels)
    height, width = read_picture(path).shape[:2]
    return yolo_rows(beside, width=width, height=height)


def _scene_rows(path: Path, labels: Sequence[str]) -> Rows:
    """A rendered scene's lines: label, corners in pixels, and the part that can be seen."""
    rows: Rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        label, x1, y1, x2, y2, visible = line.split()
        number = _number(label, labels, path) if float(visible) >= COUNTED else IGNORED
        rows.append((number, float(x1), float(y1), float(x2), float(y2)))
    return rows


def _voc(path: Path, labels: Sequence[str]) -> Rows:
    rows: Rows = []
    for thing in ET.parse(path).getroot().iter("object"):
        box = thing.find("bndbox")
        name = thing.findtext("name", "")
        if box is None:
            continue
        x1, y1, x2, y2 = (float(box.findtext(k, "0")) for k in ("xmin", "ymin", "xmax", "ymax"))
        rows.append((_number(name, labels, path), x1, y1, x2, y2))
    return rows


def yolo_rows(path: Path, *, width: int, height: int) -> Rows:
    """YOLO lines (label, centre, size, as parts of the picture) as boxes in pixels."""
    rows: Rows = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            label, x, y, w, h = line.split()[:5]
            cx, cy = float(x) * width, float(y) * height
            half_w, half_h = float(w) * width / 2, float(h) * height / 2
            rows.append((int(label), cx - half_w, cy - half_h, cx + half_w, cy + half_h))
    return rows
