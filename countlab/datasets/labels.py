"""Labels of a dataset: rows of `labels.csv`, and what people said above them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from countlab.datasets.folder import LABELS, REVIEWS, UNSURE, file_below
from countlab.datasets.reviews import read_reviews
from countlab.errors import CountlabError
from countlab.system.whole_file import write_whole

REVIEW = "review"
_COLUMNS = ("file", "label", "confidence", "source")


@dataclass(frozen=True)
class LabelRow:
    """One line of `labels.csv`."""

    file: str
    label: str
    confidence: float = 1.0
    source: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    """Further columns, such as `group`, `part`, `note`."""


def is_dataset(folder: Path) -> bool:
    return (folder / LABELS).is_file() or (folder / REVIEWS).is_file()


def read_rows(folder: Path) -> list[LabelRow]:
    """Rows of `labels.csv`, none where there is no such file; one row a picture."""
    path = folder / LABELS
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"file", "label"} - set(reader.fieldnames or ())
        if missing:
            raise _bad_labels(path, 1, f"no column {', '.join(sorted(missing))}")
        rows: dict[str, LabelRow] = {}
        for line in reader:
            row = _row(line, path, reader.line_num)
            if row.file in rows:
                raise _bad_labels(path, reader.line_num, f"{row.file} stands here twice")
            rows[row.file] = row
    return list(rows.values())


def write_rows(folder: Path, rows: Sequence[LabelRow]) -> None:
    more = list(dict.fromkeys(name for row in rows for name in row.more))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_COLUMNS, *more])
    for row in sorted(rows, key=lambda row: row.file):
        values = [row.file, row.label, f"{row.confidence:.4g}", row.source]
        writer.writerow([*values, *(row.more.get(name, "") for name in more)])
    write_whole(folder / LABELS, text.getvalue().encode())


def labels_that_hold(folder: Path) -> dict[str, LabelRow]:
    """By file: what a person said last, else the row of `labels.csv`; unsure ones left out."""
    rows = {row.file: row for row in read_rows(folder)}
    for file, review in read_reviews(folder).items():
        if review.label is not None:
            more = rows[file].more if file in rows else {}
            rows[file] = LabelRow(file, review.label, 1.0, REVIEW, more)
    return {file: row for file, row in rows.items() if row.label not in ("", UNSURE)}


def _row(line: Mapping[str, str | None], path: Path, number: int) -> LabelRow:
    values = {name: (value or "").strip() for name, value in line.items() if name}
    try:
        confidence = float(values.get("confidence") or 1)
        if not 0 <= confidence <= 1:
            raise ValueError
    except ValueError:
        raise _bad_labels(path, number, f"confidence {values['confidence']}: 0 to 1") from None
    if not values["file"]:
        raise _bad_labels(path, number, "no file")
    file_below(path.parent, values["file"])
    more = {name: value for name, value in values.items() if name not in _COLUMNS}
    return LabelRow(values["file"], values["label"], confidence, values.get("source", ""), more)


def _bad_labels(path: Path, line: int, reason: str) -> CountlabError:
    return CountlabError("bad_labels", path=path, line=line, reason=reason)
