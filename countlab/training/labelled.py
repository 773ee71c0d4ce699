"""Examples from a dataset's folder: `labels.csv` and what people said when they reviewed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from countlab.datasets.folder import file_below
from countlab.datasets.labels import LabelRow, labels_that_hold
from countlab.errors import CountlabError
from countlab.training.material import Example, Form, read_file
from countlab.training.split import PARTS


def read_labelled(
    folder: Path,
    classes: Sequence[str],
    form: Form,
    *,
    confidence: float = 0.0,
    each: Callable[[], None] = lambda: None,
) -> list[Example]:
    """Pictures whose label is one of the classes, and as sure as `confidence` asks."""
    rows = [row for row in labels_that_hold(folder).values() if row.confidence >= confidence]
    known = [row for row in rows if row.label in classes]
    if not known:
        raise CountlabError("no_training_pictures", folder=folder, classes=list(classes))

    def read(row: LabelRow) -> Example:
        each()
        label = classes.index(row.label)
        found = read_file(file_below(folder, row.file), label, form, name=row.file)
        part = row.more.get("part") or None
        if part not in (None, *PARTS):
            raise CountlabError("bad_part", file=row.file, arrived=part, allowed=list(PARTS))
        mark = None if part else found.fingerprint
        return replace(found, group=row.more.get("group", ""), part=part, fingerprint=mark)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(read, known))


def labelled_classes(folder: Path) -> tuple[str, ...]:
    return tuple(sorted({row.label for row in labels_that_hold(folder).values()}))
