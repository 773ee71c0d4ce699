"""A dataset's labelled pictures as the truth that `evaluate` holds a classifier against."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from countlab.datasets.folder import file_below
from countlab.datasets.labels import labels_that_hold
from countlab.errors import CountlabError
from countlab.evaluation.class_truth import LabelledPicture
from countlab.imaging.files import read_bytes


def labelled_pictures(folder: Path, labels: Sequence[str]) -> tuple[LabelledPicture, ...]:
    """Those whose label the model knows; a label that it does not know is refused."""
    rows = sorted(labels_that_hold(folder).items())
    if not rows:
        raise CountlabError("no_class_folders", folder=folder, classes=list(labels))
    if unknown := sorted({row.label for _, row in rows} - set(labels)):
        raise CountlabError("model_lacks_labels", arrived=unknown, allowed=list(labels))
    return tuple(
        LabelledPicture(file, row.label, partial(read_bytes, file_below(folder, file)))
        for file, row in rows
    )
