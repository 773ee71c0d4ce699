"""Ground truth with boxes: COCO JSON and YOLO label files.

Every label of the file's list counts as annotated in every picture that the file describes; a
label without a box there has the true count zero.
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

_NAMES_FILES = ("classes.txt", "obj.names", "coco.names")


def read_coco(folder: Path, path: Path) -> tuple[GroundTruth, ...]:
    """Labels annotated as a crowd in a picture have no truth there: a crowd is not counted."""
    document = _read_json(path)
    try:
        labels = {category["id"]: str(category["name"]) for category in document["categories"]}
        images = {image["id"]: image for image in document["images"]}
        by_image: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
        for index, annotation in enumerate(document["annotations"]):
            for key, known_ids in (("image_id", images), ("category_id", labels)):
                if annotation[key] not in known_ids:
                    reason = CountlabError(
                        "coco_unknown", place=index, key=key, arrived=annotation[key]
                    )
                    raise CountlabError("bad_coco", path=path, reason=reason)
            by_image[annotation["image_id"]].append(annotation)
        return tuple(
            _coco_truth(folder, image, by_image[image_id], labels)
            for image_id, image in images.items()
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = CountlabError("coco_shape", arrived=f"{type(error).__name__}: {error}")
        raise CountlabError("bad_coco", path=path, reason=reason) from error


def _coco_truth(
    folder: Path,
    image: Mapping[str, Any],
    annotations: Sequence[Mapping[str, Any]],
    labels: Mapping[Any, str],
) -> GroundTruth:
    crowds = {labels[entry["category_id"]] for entry in annotations if entry.get("iscrowd")}
    numbers = Counter(labels[entry["category_id"]] for entry in annotations)
    width, height = image.get("width"), image.get("height")
    boxes = None
    if width and height and all("bbox" in entry for entry in annotations):
        boxes = tuple(
            TrueBox(labels[entry["category_id"]], x / width, y / height, (x + w) / width,
                    (y + h) / height)
            for entry in annotations
            for x, y, w, h in [entry["bbox"]]
            if labels[entry["category_id"]] not in crowds
        )  # fmt: skip
    name = str(image["file_name"])
    counts = {label: numbers[label] for label in labels.values() if label not in crowds}
    return GroundTruth(name, folder / name, counts, boxes)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise CountlabError("no_truth", path=path) from error
    except json.JSONDecodeError as error:
        reason = CountlabError("coco_not_json", line=error.lineno, reason=error.msg)
        raise CountlabError("bad_coco", path=path, reason=reason) from error


def read_yolo(folder: Path, labels_folder: Path, names: Path | None) -> tuple[GroundTruth, ...]:
    """A picture without a label file is not evaluated; an empty file means zero of everything."""
    labels = _read_names(names or _find_names(labels_folder))
    truths = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        label_file = labels_folder / f"{path.stem}.txt"
        if path.suffix.lower() in PICTURE_SUFFIXES and label_file.is_file():
            boxes = _read_boxes(label_file, labels)
            numbers = Counter(box.label for box in boxes)
            counts = {label: numbers[label] for label in labels}
            truths.append(GroundTruth(path.name, path, counts, boxes))
    if not truths:
        raise CountlabError("no_yolo", folder=folder, marks=labels_folder)
    return tuple(truths)


def _read_boxes(path: Path, labels: Sequence[str]) -> tuple[TrueBox, ...]:
    boxes = []
    text = path.read_text(encoding="utf-8", errors="replace")  # a bad byte makes a bad line below
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            index, *coordinates = line.split()
            label = labels[_parse_index(index)]
            boxes.append(TrueBox(label, *_edges([float(text) for text in coordinates])))
        except (ValueError, IndexError) as error:
            raise CountlabError(
                "bad_yolo", path=path, line=number, arrived=line, last=len(labels) - 1
            ) from error
    return tuple(boxes)


def _edges(coordinates: Sequence[float]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a box (center and size) or of a polygon (its corners)."""
    if not all(map(math.isfinite, coordinates)):
        raise ValueError(coordinates)
    if len(coordinates) == 4:
        x, y, width, height = coordinates
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2
    if len(coordinates) < 6 or len(coordinates) % 2:
        raise ValueError(coordinates)
    xs, ys = coordinates[::2], coordinates[1::2]
    return min(xs), min(ys), max(xs), max(ys)


def _parse_index(text: str) -> int:
    """A label's index; -1 must not mean the last of the list."""
    if not text.isdigit():
        raise ValueError(text)
    return int(text)


def _find_names(labels_folder: Path) -> Path:
    """In the labels' folder or one of the two above it, where the usual tools write it."""
    parent = labels_folder.absolute().parent
    for folder in (labels_folder, parent, parent.parent):
        for name in _NAMES_FILES:
            if (folder / name).is_file():
                return folder / name
    raise CountlabError("no_names", folder=labels_folder)


def _read_names(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CountlabError("no_names", folder=path) from error
    return [line.strip() for line in lines if line.strip()]
