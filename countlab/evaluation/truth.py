"""Ground truth of a folder of pictures, read from any of the five supported forms.

A picture and object that the truth does not name is not evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from countlab.errors import CountlabError
from countlab.evaluation.ground_truth import GroundTruth
from countlab.evaluation.truth_boxes import read_coco, read_yolo
from countlab.evaluation.truth_counts import find_count_folders, read_count_folders, read_counts
from countlab.evaluation.truth_voc import find_voc_files, read_voc

_LAYOUTS = {"pictures": "boxes", "JPEGImages": "Annotations", "images": "labels"}
"""The folders of pictures and of their boxes: of a dataset here, of Pascal VOC, and of YOLO."""


def read_truth(
    folder: Path, truth: Path | None, *, objects: Sequence[str] = (), names: Path | None = None
) -> tuple[GroundTruth, ...]:
    """Reads `truth`: a CSV, a COCO JSON, Pascal VOC XML, YOLO labels, or folders named by counts.

    Defaults to the folder's truth.csv, or else to its sub-folders or its XML files. `objects`
    restricts the truth to some labels; `names` is the label list of YOLO files.
    """
    if truth is None and not (folder / "truth.csv").is_file():
        folder, truth = _known_layout(folder)
    truth = truth or _default_truth(folder)
    if truth.is_dir() and find_count_folders(truth):
        truths = read_count_folders(truth, objects)
    elif truth.suffix.lower() == ".xml" or find_voc_files(truth):
        truths = read_voc(folder, truth)
    elif truth.is_dir():
        truths = read_yolo(folder, truth, names)
    elif truth.suffix.lower() == ".json":
        truths = read_coco(folder, truth)
    else:
        truths = tuple(
            GroundTruth(name, folder / name, counts) for name, counts in read_counts(truth).items()
        )
    if not truths:
        raise CountlabError("truth_without_pictures", path=truth)
    return _only(truths, objects) if objects else truths


def _known_layout(folder: Path) -> tuple[Path, Path | None]:
    for pictures, boxes in _LAYOUTS.items():
        if (folder / pictures).is_dir() and (folder / boxes).is_dir():
            return folder / pictures, folder / boxes
    return folder, None


def _default_truth(folder: Path) -> Path:
    if not folder.is_dir():
        raise CountlabError("no_such_file", path=folder)
    csv = folder / "truth.csv"
    has_other_truth = find_count_folders(folder) or find_voc_files(folder)
    return folder if not csv.is_file() and has_other_truth else csv


def _only(truths: Sequence[GroundTruth], objects: Sequence[str]) -> tuple[GroundTruth, ...]:
    labels = {label for truth in truths for label in truth.counts}
    for label in objects:
        if label not in labels:
            raise CountlabError("truth_without_object", arrived=label, known=sorted(labels))
    restricted = (truth.only(objects) for truth in truths)
    return tuple(truth for truth in restricted if truth.counts)
