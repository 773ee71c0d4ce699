"""What is known about a folder of pictures, in whichever of four forms it is written down.

A picture and object that the truth does not name is not judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from countlab.errors import CountlabError
from countlab.evaluation.ground_truth import GroundTruth
from countlab.evaluation.truth_boxes import read_coco, read_yolo
from countlab.evaluation.truth_counts import counted_folders, read_counts, read_folders


def read_truth(
    folder: Path, truth: Path | None, *, objects: Sequence[str] = (), names: Path | None = None
) -> tuple[GroundTruth, ...]:
    """By what `truth` is: a CSV, a COCO JSON, a folder of YOLO labels, folders named by counts.

    Left out, it is the folder's own truth.csv, or else its sub-folders. `objects` keeps to some.
    """
    truth = truth or _nearest(folder)
    if truth.is_dir() and counted_folders(truth):
        known = read_folders(truth, objects)
    elif truth.is_dir():
        known = read_yolo(folder, truth, names)
    elif truth.suffix.lower() == ".json":
        known = read_coco(folder, truth)
    else:
        known = tuple(
            GroundTruth(name, folder / name, counts) for name, counts in read_counts(truth).items()
        )
    if not known:
        raise CountlabError("truth_without_pictures", path=truth)
    return _only(known, objects) if objects else known


def _nearest(folder: Path) -> Path:
    if not folder.is_dir():
        raise CountlabError("no_such_file", path=folder)
    beside = folder / "truth.csv"
    return folder if not beside.is_file() and counted_folders(folder) else beside


def _only(known: Sequence[GroundTruth], objects: Sequence[str]) -> tuple[GroundTruth, ...]:
    labels = {label for one in known for label in one.counts}
    for wanted in objects:
        if wanted not in labels:
            raise CountlabError("truth_without_object", arrived=wanted, known=sorted(labels))
    return tuple(one for one in (one.of(objects) for one in known) if one.counts)
