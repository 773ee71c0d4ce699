"""Pictures that only judge the finished detector, listed by the hash of their content.

`recipes.fruits.split` wrote the list once. Neither weights, thresholds nor settings may be chosen
by these pictures; training and validation leave them out.
"""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path


def judged_names(path: Path) -> set[str]:
    """Names of the listed pictures; empty without a list."""
    return {row["picture"] for row in _rows(path)}


def changed_pictures(path: Path, pictures: Mapping[str, Path]) -> list[str]:
    """Listed pictures whose content differs from what was listed."""
    return [
        row["picture"]
        for row in _rows(path)
        if row["picture"] in pictures and content_hash(pictures[row["picture"]]) != row["sha256"]
    ]


def write_list(path: Path, pictures: Mapping[str, Path]) -> None:
    """Write the list."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["sha256", "picture"])
        writer.writerows([content_hash(pictures[name]), name] for name in sorted(pictures))


def content_hash(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _rows(path: Path) -> Sequence[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
