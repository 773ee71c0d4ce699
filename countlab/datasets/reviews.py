"""What people said of pictures: a file of answers that only grows; the last of a picture holds.

An answer names the version that its person saw. Where somebody else has answered since, it is
refused, whichever process took the other answer: two people cannot overwrite each other unseen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from countlab.datasets.folder import REVIEWS
from countlab.datasets.lines import append_line, read_lines, remove_lines
from countlab.errors import CountlabError
from countlab.system.file_lock import locked


@dataclass(frozen=True)
class ReviewBox:
    """A box that a person drew, its edges as shares of the picture's width and height."""

    label: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Review:
    """The last answer about a picture."""

    label: str | None
    """A class, `unsure`, or None where the answer was taken back."""
    person: str = ""
    boxes: tuple[ReviewBox, ...] | None = None
    """None where nobody spoke of boxes; an empty tuple says that there is none."""
    version: int = 0
    """How many answers the picture has had."""
    time: str = ""


def read_reviews(folder: Path) -> dict[str, Review]:
    """By file: the answer that holds, in the order of the first answers."""
    reviews: dict[str, Review] = {}
    for line in read_lines(folder / REVIEWS):
        if isinstance(line.get("file"), str):
            before = reviews.get(line["file"], Review(None))
            reviews[line["file"]] = _review(line, before.version + 1)
    return reviews


def save_review(
    folder: Path,
    file: str,
    label: str | None,
    *,
    person: str,
    seen: int,
    boxes: Sequence[ReviewBox] | None = None,
) -> Review:
    """On disk when this returns; `seen` is the version that the person's page showed."""
    with locked(folder / f".{REVIEWS}.lock"):
        before = read_reviews(folder).get(file, Review(None))
        if before.version != seen:
            raise CountlabError("reviewed_meanwhile", person=before.person, label=before.label)
        line: dict[str, Any] = {
            "file": file,
            "label": label,
            "person": person,
            "boxes": None if boxes is None else [asdict(box) for box in boxes],
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        append_line(folder / REVIEWS, line)
        return _review(line, seen + 1)


def remove_reviews(folder: Path, files: Collection[str]) -> None:
    """Of pictures that are gone: a review without its picture can teach nothing."""
    with locked(folder / f".{REVIEWS}.lock"):
        remove_lines(folder / REVIEWS, lambda line: line.get("file") in files)


def _review(line: Mapping[str, Any], version: int) -> Review:
    boxes = line.get("boxes")
    return Review(
        label=line.get("label"),
        person=str(line.get("person", "")),
        boxes=None if boxes is None else tuple(ReviewBox(**box) for box in boxes),
        version=version,
        time=str(line.get("time", "")),
    )
