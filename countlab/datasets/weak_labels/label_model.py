"""The label model: which labellers to believe, learnt from how they agree (Dawid and Skene, 1979).

Each labeller has a table: of pictures of a class, how often it says which class. Tables, shares of
the classes and the pictures' labels are estimated in turns (EM) until they stand still. A weak
prior says that a labeller is right more often than wrong. One or two labellers cannot be learnt
from: nothing tells a liar from a witness, and a rare class would vanish; they are believed alike.
Snorkel does the same at greater length and brings torch; this is what is needed of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from countlab.datasets.weak_labels.votes import Vote

Floats = npt.NDArray[np.float64]
_PRIOR_RIGHT, _PRIOR_WRONG = 8.0, 2.0
"""Pictures' worth of belief that a labeller is right four times in five."""
_PRIOR_CLASS = 1.0
_FEWEST = 3
"""Labellers from whose agreement anything can be learnt."""
_ITERATIONS, _STILL = 200, 1e-6


@dataclass(frozen=True)
class LabelModel:
    """What the votes together say."""

    files: tuple[str, ...]
    classes: tuple[str, ...]
    sources: tuple[str, ...]
    probabilities: Floats
    """A row a picture, a column a class."""
    tables: Floats
    """For each source: rows are the class, columns what it says."""
    shares: Floats
    learnt: bool
    """Whether tables and shares were learnt, or are what is believed beforehand."""

    def accuracy(self, source: str) -> float:
        """How often the source is right where it speaks, as the model believes."""
        table = self.tables[self.sources.index(source)]
        return float((self.shares * np.diagonal(table)).sum())


def fit(votes: Sequence[Vote], classes: Sequence[str]) -> LabelModel:
    """From all votes; files without one sure vote are left out."""
    sure = [vote for vote in votes if vote.is_sure and vote.label in classes]
    files = sorted({vote.file for vote in sure})
    sources = sorted({vote.source for vote in sure})
    said = _matrix(sure, files, sources, classes)
    learnt = len(sources) >= _FEWEST
    tables, shares = _beforehand(len(sources), len(classes))
    probabilities = _believed(said, tables, shares)
    for _ in range(_ITERATIONS if learnt else 0):
        before = probabilities
        tables, shares = _learnt(said, probabilities)
        probabilities = _believed(said, tables, shares)
        if np.abs(probabilities - before).max(initial=0.0) < _STILL:
            break
    return LabelModel(
        tuple(files), tuple(classes), tuple(sources), probabilities, tables, shares, learnt
    )


def _matrix(
    votes: Sequence[Vote], files: Sequence[str], sources: Sequence[str], classes: Sequence[str]
) -> Floats:
    """Pictures × sources × classes; a vote that is 0.8 sure leaves 0.2 to the other classes."""
    rows, columns = ({n: at for at, n in enumerate(names)} for names in (files, sources))
    said: Floats = np.zeros((len(files), len(sources), len(classes)))
    for vote in votes:
        others = (1 - vote.confidence) / (len(classes) - 1)
        at: Any = (rows[vote.file], columns[vote.source])
        said[at] = others
        said[at][list(classes).index(vote.label)] = vote.confidence
    return said


def _beforehand(sources: int, classes: int) -> tuple[Floats, Floats]:
    table = _prior(classes)
    table /= table.sum(1, keepdims=True)
    return np.repeat(table[None], sources, axis=0), np.full(classes, 1 / classes)


def _prior(classes: int) -> Floats:
    prior: Floats = np.full((classes, classes), _PRIOR_WRONG / max(1, classes - 1))
    np.fill_diagonal(prior, _PRIOR_RIGHT)
    return prior


def _learnt(said: Floats, probabilities: Floats) -> tuple[Floats, Floats]:
    tables = np.einsum("nk,njl->jkl", probabilities, said) + _prior(said.shape[2])
    shares = probabilities.sum(0) + _PRIOR_CLASS
    return tables / tables.sum(2, keepdims=True), shares / shares.sum()


def _believed(said: Floats, tables: Floats, shares: Floats) -> Floats:
    logs = np.log(shares) + np.einsum("njl,jkl->nk", said, np.log(tables))
    logs -= logs.max(1, keepdims=True, initial=-np.inf)
    raised = np.exp(logs)
    return np.asarray(raised / raised.sum(1, keepdims=True))
