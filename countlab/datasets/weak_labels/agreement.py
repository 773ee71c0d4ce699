"""How much labellers say, how far they agree, and how right they are where that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from countlab.datasets.weak_labels.label_model import LabelModel
from countlab.datasets.weak_labels.votes import Vote


@dataclass(frozen=True)
class SourceFigures:
    """One labeller."""

    source: str
    said: int
    coverage: float
    """The share of all pictures of which it says something."""
    believed: float | None
    """How often it is right, as the label model has learnt; None where it could learn nothing."""
    right: int
    known: int
    """Of so many pictures with a known label."""


@dataclass(frozen=True)
class Agreement:
    """All labellers of a dataset."""

    pictures: int
    sources: tuple[SourceFigures, ...]
    pairs: Mapping[tuple[str, str], tuple[int, int]]
    """For two labellers: on how many pictures they agree, of those where both speak."""
    disputed: int
    """Pictures on which at least two labellers disagree."""


def agreement_of(
    votes: Sequence[Vote], model: LabelModel, *, pictures: int, known: Mapping[str, str]
) -> Agreement:
    """`known` has labels that are no weak ones: reviews, or a set's own truth."""
    by_source: dict[str, dict[str, str]] = defaultdict(dict)
    by_file: dict[str, set[str]] = defaultdict(set)
    for vote in votes:
        if vote.is_sure:
            by_source[vote.source][vote.file] = vote.label
            by_file[vote.file].add(vote.label)
    pairs = {
        (one, other): _agreeing(by_source[one], by_source[other])
        for one, other in combinations(sorted(by_source), 2)
    }
    sources = []
    for source, said in sorted(by_source.items()):
        judged = [file for file in said if file in known]
        sources.append(
            SourceFigures(
                source=source,
                said=len(said),
                coverage=len(said) / max(1, pictures),
                believed=model.accuracy(source) if model.learnt else None,
                right=sum(said[file] == known[file] for file in judged),
                known=len(judged),
            )
        )
    disputed = sum(len(labels) > 1 for labels in by_file.values())
    return Agreement(pictures, tuple(sources), pairs, disputed)


def _agreeing(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[int, int]:
    both = one.keys() & other.keys()
    return sum(one[file] == other[file] for file in both), len(both)
