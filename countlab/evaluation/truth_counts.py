"""Ground truth without boxes: truth.csv, and folders named by the count of their pictures."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from countlab.errors import CountlabError
from countlab.evaluation.ground_truth import GroundTruth
from countlab.imaging.files import PICTURE_SUFFIXES

_COLUMNS = ("file", "object", "count")


def read_counts(path: Path) -> dict[str, dict[str, int]]:
    """The counts of a truth.csv: by picture, then by object."""
    text = _read_text(path)
    header = text.partition("\n")[0]
    separator = ";" if ";" in header and "," not in header else ","  # Excel in Spanish writes ;
    lines = csv.DictReader(text.splitlines(), delimiter=separator)
    lines.fieldnames = [name.strip().lower() for name in lines.fieldnames or ()]
    if missing := [column for column in _COLUMNS if column not in lines.fieldnames]:
        columns = lines.fieldnames or ["–"]
        reason = CountlabError("truth_columns", arrived=columns, missing=missing)
        raise CountlabError("bad_truth", path=path, line=1, reason=reason)
    counts: dict[str, dict[str, int]] = {}
    try:
        for line in lines:
            if error := _add_line(line, counts):
                raise CountlabError("bad_truth", path=path, line=lines.line_num, reason=error)
    except csv.Error as csv_error:
        reason = CountlabError("truth_unreadable", reason=csv_error)
        raise CountlabError(
            "bad_truth", path=path, line=lines.line_num, reason=reason
        ) from csv_error
    if not counts:
        reason = CountlabError("truth_without_lines")
        raise CountlabError("bad_truth", path=path, line=1, reason=reason)
    return counts


def _read_text(path: Path) -> str:
    """Excel's UTF-8 starts with a byte order mark; its plain CSV is in Windows-1252."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return path.read_text(encoding=encoding)
        except UnicodeDecodeError:
            continue
        except OSError as error:
            raise CountlabError("no_truth", path=path) from error
    raise CountlabError("no_truth", path=path)


def _add_line(
    line: Mapping[str, str | None], counts: dict[str, dict[str, int]]
) -> CountlabError | None:
    """Adds one line to `counts`, or returns what is wrong with it."""
    file, label, count = ((line[column] or "").strip() for column in _COLUMNS)
    for column, value in (("file", file), ("object", label)):
        if not value:
            return CountlabError("truth_empty", column=column)
    if not (count.isascii() and count.isdigit()):
        return CountlabError("truth_not_a_count", arrived=count)
    first = counts.setdefault(file, {}).setdefault(label, int(count))
    if first != int(count):
        return CountlabError("truth_twice", object=label, file=file, first=first, arrived=count)
    return None


def find_count_folders(folder: Path) -> list[Path]:
    """The sub-folders with pictures; none unless at least one is named by a number."""
    try:
        subfolders = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []
    if not any(path.name.isdigit() for path in subfolders):
        return []
    return [path for path in subfolders if path.name.isdigit() or _pictures(path)]


def read_count_folders(folder: Path, objects: Sequence[str]) -> tuple[GroundTruth, ...]:
    if len(objects) != 1:
        raise CountlabError("counts_of_what", folder=folder, arrived=list(objects) or ["–"])
    truths = []
    for subfolder in find_count_folders(folder):
        if not (subfolder.name.isascii() and subfolder.name.isdigit()):
            raise CountlabError("bad_count_folder", path=subfolder)
        counts = {objects[0]: int(subfolder.name)}
        truths += [
            GroundTruth(f"{subfolder.name}/{path.name}", path, counts)
            for path in _pictures(subfolder)
        ]
    return tuple(truths)


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)
