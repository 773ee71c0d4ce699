"""Weak labels of a dataset: rules vote, an endpoint votes, the label model decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from countlab.datasets.folder import UNSURE
from countlab.datasets.labels import LabelRow, labels_that_hold, read_rows, write_rows
from countlab.datasets.pictures import PictureFile
from countlab.datasets.weak_labels.agreement import Agreement, agreement_of
from countlab.datasets.weak_labels.label_model import LabelModel, fit
from countlab.datasets.weak_labels.rules import Rule
from countlab.datasets.weak_labels.votes import Vote, read_votes, write_votes
from countlab.errors import CountlabError
from countlab.system.cpu import cores

WEAK = "weak"
_LEAST_SURE = 0.6
"""A less probable label is kept as unsure."""
_BLOCK = 32


@dataclass(frozen=True)
class Labelled:
    """What `labels.csv` says now."""

    counts: dict[str, int]
    """Weak labels by class, `unsure` among them."""
    kept: int
    """Rows that were there and are no weak labels: they stay as they are."""
    agreement: Agreement


def rule_votes(
    pictures: Sequence[PictureFile],
    rules: Sequence[Rule],
    *,
    stop: Event,
    each: Callable[[], None] = lambda: None,
) -> tuple[list[Vote], list[tuple[str, CountlabError]]]:
    """Votes, and pictures that could not be read; ends early at `stop`."""
    votes: list[Vote] = []
    failed: list[tuple[str, CountlabError]] = []

    def vote(picture: PictureFile) -> list[Vote] | CountlabError:
        try:
            return [rule(picture) for rule in rules]
        except CountlabError as error:
            if not error.is_about_picture:
                raise
            return error

    with ThreadPoolExecutor(max(1, min(4, cores()))) as pool:
        for start in range(0, len(pictures), _BLOCK):
            if stop.is_set():
                break
            block = pictures[start : start + _BLOCK]
            for picture, result in zip(block, pool.map(vote, block), strict=True):
                each()
                if isinstance(result, CountlabError):
                    failed.append((picture.file, result))
                else:
                    votes += result
    return votes, failed


def combine(folder: Path, new: Sequence[Vote], classes: Sequence[str], pictures: int) -> Labelled:
    """Keeps the votes, combines all there are, and writes a label for every picture."""
    write_votes(folder, new)
    votes = read_votes(folder)
    model = fit(votes, classes)
    rows = read_rows(folder)
    kept = [row for row in rows if not row.source.startswith(WEAK)]
    weak = _weak_rows(model, votes, rows, {row.file for row in kept})
    write_rows(folder, [*kept, *weak])
    counts = {name: sum(row.label == name for row in weak) for name in (*classes, UNSURE)}
    known = {
        file: row.label
        for file, row in labels_that_hold(folder).items()
        if not row.source.startswith(WEAK)
    }
    agreement = agreement_of(votes, model, pictures=pictures, known=known)
    return Labelled(counts, len(kept), agreement)


def _weak_rows(
    model: LabelModel, votes: Sequence[Vote], rows: Sequence[LabelRow], taken: set[str]
) -> list[LabelRow]:
    more = {row.file: row.more for row in rows}
    said = dict(zip(model.files, model.probabilities, strict=True))
    weak = []
    for file in sorted({vote.file for vote in votes} - taken):
        label, confidence = UNSURE, 0.0
        if file in said:
            at = int(said[file].argmax())
            confidence = float(said[file][at])
            label = model.classes[at] if confidence >= _LEAST_SURE else UNSURE
        weak.append(LabelRow(file, label, confidence, WEAK, more.get(file, {})))
    return weak
