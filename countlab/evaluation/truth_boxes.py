"""Truth with boxes: COCO JSON and YOLO label files, read into `GroundTruth` pictures.

Every object of the file's list is known in every picture it describes, zeros included.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.evaluation.ground_truth import GroundTruth, TrueBox
from countlab.imaging.files import PICTURE_SUFFIXES

_NAMES = ("classes.txt", "obj.names", "coco.names")


def read_coco(folder: Path, path: Path) -> tuple[GroundTruth, ...]:
    """A picture with a crowd of one object is not judged for it: nobody counted the crowd."""
    document = _read_json(path)
    try:
        labels = {one["id"]: str(one["name"]) for one in document["categories"]}
        images = {one["id"]: one for one in document["images"]}
        marked: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
        for place, mark in enumerate(document["annotations"]):
            for key, known in (("image_id", images), ("category_id", labels)):
                if mark[key] not in known:
                    unknown = CountlabError("coco_unknown", place=place, key=key, arrived=mark[key])
                    raise CountlabError("bad_coco", path=path, reason=unknown)
            marked[mark["image_id"]].append(mark)
        return tuple(_of_coco(folder, one, marked[id], labels) for id, one in images.items())
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        shape = CountlabError("coco_shape", arrived=f"{type(wrong).__name__}: {wrong}")
        raise CountlabError("bad_coco", path=path, reason=shape) from wrong


def _of_coco(
    folder: Path,
    image: Mapping[str, Any],
    marks: Sequence[Mapping[str, Any]],
    labels: Mapping[Any, str],
) -> GroundTruth:
    is_concurrent = {labels[mark["category_id"]] for mark in marks if mark.get("iscrowd")}
    found = Counter(labels[mark["category_id"]] for mark in marks)
    width, height = image.get("width"), image.get("height")
    boxes = None
    if width and height and all("bbox" in mark for mark in marks):
        boxes = tuple(
            TrueBox(labels[mark["category_id"]], x / width, y / height, (x + w) / width,
                    (y + h) / height)
            for mark in marks
            for x, y, w, h in [mark["bbox"]]
            if labels[mark["category_id"]] not in is_concurrent
        )  # fmt: skip
    name = str(image["file_name"])
    counts = {label: found[label] for label in labels.values() if label not in is_concurrent}
    return GroundTruth(name, folder / name, counts, boxes)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as reason:
        raise CountlabError("no_truth", path=path) from reason
    except json.JSONDecodeError as wrong:
        told = CountlabError("coco_not_json", line=wrong.lineno, reason=wrong.msg)
        raise CountlabError("bad_coco", path=path, reason=told) from wrong


def read_yolo(folder: Path, marks: Path, names: Path | None) -> tuple[GroundTruth, ...]:
    """A picture without a label file is not judged; an empty file says that nothing is there."""
    labels = _read_names(names or _find_names(marks))
    known = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        described = marks / f"{path.stem}.txt"
        if path.suffix.lower() in PICTURE_SUFFIXES and described.is_file():
            boxes = _read_boxes(described, labels)
            found = Counter(box.label for box in boxes)
            counts = {label: found[label] for label in labels}
            known.append(GroundTruth(path.name, path, counts, boxes))
    if not known:
        raise CountlabError("no_yolo", folder=folder, marks=marks)
    return tuple(known)


def _read_boxes(path: Path, labels: Sequence[str]) -> tuple[TrueBox, ...]:
    boxes = []
    text = path.read_text(encoding="utf-8", errors="replace")  # an odd letter is in a wrong line
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            which, *shares = line.split()
            boxes.append(TrueBox(labels[_index(which)], *_sides([float(x) for x in shares])))
        except (ValueError, IndexError) as wrong:
            raise CountlabError(
                "bad_yolo", path=path, line=number, arrived=line, last=len(labels) - 1
            ) from wrong
    return tuple(boxes)


def _sides(shares: Sequence[float]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a box (centre and size) or of an outline (its corners)."""
    if not all(map(math.isfinite, shares)):
        raise ValueError(shares)
    if len(shares) == 4:
        x, y, width, height = shares
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    if len(shares) < 6 or len(shares) % 2:
        raise ValueError(shares)
    across, down = shares[::2], shares[1::2]
    return min(across), min(down), max(across), max(down)


def _index(text: str) -> int:
    """A label's number; -1 must not mean the last of the list."""
    if not text.isdigit():
        raise ValueError(text)
    return int(text)


def _find_names(marks: Path) -> Path:
    """In the labels' folder, or in one of the two above it, as the usual tools leave it."""
    for folder in (marks, marks.absolute().parent, marks.absolute().parent.parent):
        for name in _NAMES:
            if (folder / name).is_file():
                return folder / name
    raise CountlabError("no_names", folder=marks)


def _read_names(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as reason:
        raise CountlabError("no_names", folder=path) from reason
    return [line.strip() for line in lines if line.strip()]
