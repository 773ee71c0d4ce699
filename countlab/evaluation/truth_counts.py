"""Truth that is counts alone: truth.csv, and folders named by the count of their pictures."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from countlab.errors import CountlabError
from countlab.evaluation.ground_truth import GroundTruth
from countlab.imaging.files import PICTURE_SUFFIXES

_COLUMNS = ("file", "object", "count")


def read_counts(path: Path) -> dict[str, dict[str, int]]:
    """The counts that people made: by picture, then by object."""
    text = _text_of(path)
    header = text.partition("\n")[0]
    separator = ";" if ";" in header and "," not in header else ","  # Excel in Spanish writes ;
    lines = csv.DictReader(text.splitlines(), delimiter=separator)
    lines.fieldnames = [name.strip().lower() for name in lines.fieldnames or ()]
    counts: dict[str, dict[str, int]] = {}
    if missing := [column for column in _COLUMNS if column not in lines.fieldnames]:
        columns = lines.fieldnames or ["–"]
        reason = CountlabError("truth_columns", arrived=columns, missing=missing)
        raise CountlabError("bad_truth", path=path, line=1, reason=reason)
    try:
        for line in lines:
            if wrong := _add(line, counts):
                raise CountlabError("bad_truth", path=path, line=lines.line_num, reason=wrong)
    except csv.Error as cause:
        reason = CountlabError("truth_unreadable", reason=cause)
        raise CountlabError("bad_truth", path=path, line=lines.line_num, reason=reason) from cause
    if not counts:
        reason = CountlabError("truth_without_lines")
        raise CountlabError("bad_truth", path=path, line=1, reason=reason)
    return counts


def _text_of(path: Path) -> str:
    """Excel puts a mark before UTF-8's first letter; its plain CSV is in the letters of Windows."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return path.read_text(encoding=encoding)
        except UnicodeDecodeError:
            continue
        except OSError as cause:
            raise CountlabError("no_truth", path=path) from cause
    raise CountlabError("no_truth", path=path)


def _add(line: Mapping[str, str | None], counts: dict[str, dict[str, int]]) -> CountlabError | None:
    """Takes over one line, or says what is wrong with it."""
    file, label, count = ((line[column] or "").strip() for column in _COLUMNS)
    for column, value in (("file", file), ("object", label)):
        if not value:
            return CountlabError("truth_empty", column=column)
    if not (count.isascii() and count.isdigit()):
        return CountlabError("truth_not_a_count", arrived=count)
    before = counts.setdefault(file, {}).setdefault(label, int(count))
    if before != int(count):
        return CountlabError("truth_twice", object=label, file=file, first=before, arrived=count)
    return None


def counted_folders(folder: Path) -> list[Path]:
    """The sub-folders that hold pictures, when at least one of them is named by a number."""
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []
    if not any(path.name.isdigit() for path in inside):
        return []
    return [path for path in inside if path.name.isdigit() or _pictures(path)]


def read_folders(folder: Path, objects: Sequence[str]) -> tuple[GroundTruth, ...]:
    if len(objects) != 1:
        raise CountlabError("counts_of_what", folder=folder, arrived=list(objects) or ["–"])
    known = []
    for inside in counted_folders(folder):
        if not (inside.name.isascii() and inside.name.isdigit()):
            raise CountlabError("bad_count_folder", path=inside)
        counts = {objects[0]: int(inside.name)}
        known += [GroundTruth(f"{inside.name}/{p.name}", p, counts) for p in _pictures(inside)]
    return tuple(known)


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)
