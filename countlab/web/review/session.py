"""One dataset under review: what to show next, what was said, how far it is."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from countlab.datasets.box_files import read_boxes, write_boxes
from countlab.datasets.folder import REVIEWS, UNSURE, read_settings
from countlab.datasets.pictures import PictureFile
from countlab.datasets.review.claims import Claims
from countlab.datasets.review.queue import Candidate, candidates
from countlab.datasets.review.weak_errors import report_on
from countlab.datasets.reviews import Review, ReviewBox, read_reviews, save_review
from countlab.errors import CountlabError
from countlab.imaging.picture import FORMATS, write_picture

_FOR_BROWSERS = ("JPEG", "PNG", "WEBP", "GIF")


class ReviewSession:
    """Shared by all who have the page open."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.settings = folder, read_settings(folder)
        self._order = candidates(folder)
        self._by_file = {each.file: each for each in self._order}
        self._claims = Claims()
        self._read: tuple[tuple[int, int], dict[str, Review]] = ((-1, -1), {})
        labels = {each.label for each in self._order} - {"", UNSURE, *self.settings.classes}
        self.classes = (
            (*self.settings.classes, *sorted(labels)) if labels else self.settings.classes
        )

    def next_for(self, person: str, *, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The first picture that nobody has answered or looks at; `done` where there is none."""
        reviews = self._reviews()
        waiting = (
            each.file
            for each in self._order
            if each.file not in skip and reviews.get(each.file, Review(None)).label is None
        )
        file = self._claims.claim(waiting, person)
        if file is None:
            return {"done": True, **self._progress(person)}
        return self.show(file, person)

    def show(self, file: str, person: str) -> dict[str, Any]:
        """One picture with all that is known of it."""
        each = self._candidate(file)
        self._claims.claim([file], person)
        review = self._reviews().get(file, Review(None))
        if review.boxes is None:  # another program may have proposed some
            review = replace(review, boxes=read_boxes(self.folder, file))
        return {
            "file": file,
            "label": each.label,
            "confidence": each.confidence,
            "doubt": each.doubt,
            "votes": [vote._asdict() for vote in each.votes],
            "note": each.note,
            "review": asdict(review),
            **self._progress(person),
        }

    def save(
        self,
        file: str,
        label: str | None,
        boxes: list[ReviewBox] | None,
        *,
        person: str,
        seen: int,
    ) -> dict[str, Any]:
        """On disk when this returns; `reviewed_meanwhile` where somebody else was faster."""
        self._candidate(file)
        if label not in (*self.classes, UNSURE, None):
            raise CountlabError("no_such_class", arrived=label, allowed=list(self.classes))
        if boxes is None and len(self.classes) == 2 and label == self.classes[1]:
            boxes = []  # who says that there is none has said where they are
        review = save_review(self.folder, file, label, person=person, seen=seen, boxes=boxes)
        if review.boxes is not None:
            write_boxes(self.folder, file, review.boxes)
        return {"review": asdict(review), **self._progress(person)}

    def report(self) -> dict[str, Any]:
        found = report_on(self._order, self._reviews())
        return {
            "reviewed": found.reviewed,
            "pictures": found.pictures,
            "unsure": found.unsure,
            "by_label": found.by_label,
            "sources": [{**asdict(each), "interval": each.interval} for each in found.sources],
            "confused": [[weak, true, n] for (weak, true), n in found.confused.items()],
        }

    def picture(self, file: str) -> tuple[bytes, str]:
        """Bytes that a browser shows, and their media type, which the content decides."""
        self._candidate(file)
        picture = PictureFile(self.folder, file)
        header = picture.header()
        if header.format in _FOR_BROWSERS:
            return picture.data(), FORMATS[header.format]
        return write_picture(picture.pixels(), "JPEG"), "image/jpeg"

    def _candidate(self, file: str) -> Candidate:
        if file not in self._by_file:
            raise CountlabError("no_such_file", path=file)
        return self._by_file[file]

    def _progress(self, person: str) -> dict[str, Any]:
        reviews = self._reviews()
        done = sum(review.label is not None for review in reviews.values())
        return {
            "reviewed": done,
            "pictures": len(self._order),
            "others": self._claims.others(person),
        }

    def _reviews(self) -> dict[str, Review]:
        """Read again when the file has changed: another process may write it too."""
        try:
            status = os.stat(self.folder / REVIEWS)  # noqa: PTH116
        except FileNotFoundError:
            return {}
        mark = status.st_mtime_ns, status.st_size
        if self._read[0] != mark:
            found = read_reviews(self.folder)
            self._read = mark, {file: r for file, r in found.items() if file in self._by_file}
        return self._read[1]
