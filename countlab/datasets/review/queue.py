"""The order in which a person sees pictures: doubtful ones first, some by lot in between.

Every fifth picture is drawn by lot, so that one learns how wrong the labels are on the whole: the
doubtful ones are wrong more often.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from countlab.datasets.folder import UNSURE
from countlab.datasets.labels import LabelRow, read_rows
from countlab.datasets.pictures import find_dataset_pictures
from countlab.datasets.weak_labels.votes import Vote, read_votes

_BY_LOT = 5
"""One picture in so many."""


@dataclass(frozen=True)
class Candidate:
    """A picture that may be reviewed, with what is known of it."""

    file: str
    label: str
    """The label that it has now; empty where it has none."""
    confidence: float
    doubt: float
    """0 to 1: labellers that disagree, a low confidence, no label at all."""
    votes: tuple[Vote, ...] = ()
    note: str = ""


def candidates(folder: Path) -> list[Candidate]:
    """All pictures of the folder, in the order in which they are to be seen."""
    rows = {row.file: row for row in read_rows(folder)}
    votes: dict[str, list[Vote]] = defaultdict(list)
    for vote in read_votes(folder):
        votes[vote.file].append(vote)
    pictures = find_dataset_pictures(folder, named=list(rows))
    found = [_candidate(p.file, rows.get(p.file), votes[p.file]) for p in pictures]
    return _with_lots(sorted(found, key=lambda each: (-each.doubt, _lot(each.file))))


def _candidate(file: str, row: LabelRow | None, votes: Sequence[Vote]) -> Candidate:
    row = row or LabelRow(file, "", 0.0)
    labels = Counter(vote.label for vote in votes if vote.is_sure)
    dispute = 1 - max(labels.values()) / labels.total() if labels else 0.0
    unlabelled = row.label in ("", UNSURE)
    doubt = 1.0 if row.more.get("note") else max(dispute, 1 - row.confidence, 0.9 * unlabelled)
    return Candidate(
        file, row.label, row.confidence, round(doubt, 6), tuple(votes), row.more.get("note", "")
    )


def _with_lots(doubtful: list[Candidate]) -> list[Candidate]:
    """Every fifth place goes to the next by lot; the same lots for everybody."""
    lots = iter(in_order_of_lots(doubtful))
    taken: set[str] = set()
    order: list[Candidate] = []
    waiting = iter(doubtful)
    while len(order) < len(doubtful):
        by_lot = len(order) % _BY_LOT == _BY_LOT - 1
        each = next(one for one in (lots if by_lot else waiting) if one.file not in taken)
        taken.add(each.file)
        order.append(each)
    return order


def in_order_of_lots(found: Sequence[Candidate]) -> list[Candidate]:
    """As if shuffled, but the same each time."""
    return sorted(found, key=lambda each: _lot(f"lot {each.file}"))


def drawn_by_lot(found: Sequence[Candidate], reviewed: Container[str]) -> list[Candidate]:
    """The beginning of the lots that is reviewed whole: a fair sample of all pictures."""
    return list(takewhile(lambda each: each.file in reviewed, in_order_of_lots(found)))


def _lot(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
