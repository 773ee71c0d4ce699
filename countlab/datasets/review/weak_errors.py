"""How wrong the labels were that people have reviewed, for each labeller and class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from countlab.datasets.folder import UNSURE
from countlab.datasets.review.queue import Candidate, candidates, drawn_by_lot
from countlab.datasets.reviews import Review, read_reviews
from countlab.evaluation.class_metrics import interval

COMBINED = "labels.csv"


@dataclass(frozen=True)
class Wrong:
    """Labels of one source held against people's."""

    source: str
    wrong: int
    judged: int
    drawn_wrong: int
    drawn: int
    """Of those, pictures that were drawn by lot: they stand for all."""

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share that is wrong among all pictures, 95 %."""
        return interval(self.drawn_wrong, self.drawn)


@dataclass(frozen=True)
class ReviewReport:
    """What a review has found so far."""

    pictures: int
    reviewed: int
    unsure: int
    by_label: Mapping[str, int]
    sources: tuple[Wrong, ...]
    confused: Mapping[tuple[str, str], int]
    """How often a label of `labels.csv` (first) should have been another (second)."""


def report(folder: Path) -> ReviewReport:
    return report_on(candidates(folder), read_reviews(folder))


def report_on(found: Sequence[Candidate], reviews: Mapping[str, Review]) -> ReviewReport:
    said: dict[str, list[tuple[str, str, bool]]] = {COMBINED: []}
    by_label: Counter[str] = Counter()
    reviewed = {file for file, review in reviews.items() if review.label is not None}
    drawn = {each.file for each in drawn_by_lot(found, reviewed)}
    for each in found:
        review = reviews.get(each.file)
        if review is None or review.label is None:
            continue
        by_label[review.label] += 1
        if review.label == UNSURE:
            continue
        if each.label not in ("", UNSURE):
            said[COMBINED].append((each.label, review.label, each.file in drawn))
        for vote in each.votes:
            if vote.is_sure:
                entry = (vote.label, review.label, each.file in drawn)
                said.setdefault(vote.source, []).append(entry)
    confused = Counter((weak, true) for weak, true, _ in said[COMBINED] if weak != true)
    unsure = by_label.pop(UNSURE, 0)
    return ReviewReport(
        pictures=len(found),
        reviewed=sum(by_label.values()) + unsure,
        unsure=unsure,
        by_label=dict(by_label),
        sources=tuple(_wrong(source, entries) for source, entries in said.items() if entries),
        confused=dict(confused),
    )


def _wrong(source: str, entries: Sequence[tuple[str, str, bool]]) -> Wrong:
    drawn = [weak != true for weak, true, by_lot in entries if by_lot]
    wrong = sum(weak != true for weak, true, _ in entries)
    return Wrong(source, wrong, len(entries), sum(drawn), len(drawn))
