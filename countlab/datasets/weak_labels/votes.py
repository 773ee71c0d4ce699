"""What each labeller said of each picture: `votes.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from countlab.datasets.folder import UNSURE, VOTES
from countlab.system.whole_file import write_whole

_MAX_SAID = 300


class Vote(NamedTuple):
    """One labeller's word about one picture; `unsure` where it has none."""

    file: str
    source: str
    label: str
    confidence: float = 1.0
    said: str = ""
    """The answer as it came, where it was none of the classes."""

    @property
    def is_sure(self) -> bool:
        return self.label != UNSURE


def read_votes(folder: Path) -> list[Vote]:
    path = folder / VOTES
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Vote(row["file"], row["source"], row["label"], float(row["confidence"]), row["said"])
            for row in csv.DictReader(file)
        ]


def write_votes(folder: Path, votes: Sequence[Vote]) -> None:
    """A labeller's new votes replace its earlier ones; the other labellers' stay."""
    new = {(vote.file, vote.source) for vote in votes}
    kept = [vote for vote in read_votes(folder) if (vote.file, vote.source) not in new]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Vote._fields)
    for vote in sorted([*kept, *votes]):
        said = " ".join(vote.said.split())[:_MAX_SAID]
        writer.writerow([vote.file, vote.source, vote.label, f"{vote.confidence:.4g}", said])
    write_whole(folder / VOTES, text.getvalue().encode())
