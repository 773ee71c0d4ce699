"""From judged pictures to a counting error that answers can quote, and whether it holds.

The test of an interval is a picture that had no part in it: `coverage` asks that in folds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from countlab.evaluation.run import CONFIDENCES, EvaluationRun
from countlab.evaluation.thresholds import FOLDS, folds_of
from countlab.models.error_profile import ErrorProfile, Tally
from countlab.models.error_profile_file import files_of


@dataclass(frozen=True)
class Coverage:
    """How often the truth lay in the interval, of the answers that had one."""

    answers: int
    with_interval: int
    covered: int
    width: float
    """How many counts the intervals leave open, on average; 1 is a single count."""

    @property
    def share(self) -> float:
        return self.covered / max(1, self.with_interval)


def calibrate(
    measured: EvaluationRun, *, measured_on: str, confidences: Sequence[float] = CONFIDENCES
) -> ErrorProfile:
    """At each of these confidences, what was counted when so many were there."""
    labels: dict[str, dict[float, Sequence[Tally]]] = {label: {} for label in measured.labels}
    for step in confidences:
        pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in measured.rows(step):
            pairs[row.object].append((row.counted, row.truth))
        for label in measured.labels:
            labels[label][step] = _tallies(pairs[label])
    return ErrorProfile(
        model=measured.model.name,
        precision=measured.precision,
        nms=measured.nms,
        files=files_of(measured.model),
        measured_on=measured_on,
        pictures=len(measured.seen),
        labels=labels,
        everything={step: _tallies(_totals(measured, step)) for step in confidences},
    )


def coverage(measured: EvaluationRun, *, confidence: float, least: int = 0) -> Coverage:
    """Each picture is answered with intervals from the folds that it is not in.

    `confidence` is one of CONFIDENCES. `least` leaves out the answers that counted fewer: zeros
    are easy to be right about.
    """
    folds = folds_of(len(measured.seen))
    answers = with_interval = covered = width = 0
    for fold in range(FOLDS):
        kept = [one for one, place in zip(measured.seen, folds, strict=True) if place != fold]
        left = [one for one, place in zip(measured.seen, folds, strict=True) if place == fold]
        some = replace(measured, seen=tuple(kept))
        error = calibrate(some, measured_on="", confidences=[confidence])
        for label, counted, truth in _answers(replace(measured, seen=tuple(left)), confidence):
            if counted < least:
                continue
            answers += 1
            interval = error.likely(label, confidence=confidence, nms=measured.nms, counted=counted)
            if interval:
                with_interval += 1
                covered += interval[0] <= truth <= interval[1]
                width += interval[1] - interval[0] + 1
    return Coverage(answers, with_interval, covered, width / max(1, with_interval))


def _answers(measured: EvaluationRun, confidence: float) -> Iterator[tuple[str | None, int, int]]:
    """Label, counted and true, as clients may ask: each object alone, and whole pictures."""
    for row in measured.rows(confidence):
        yield row.object, row.counted, row.truth
    for counted, truth in _totals(measured, confidence):
        yield None, counted, truth


def _totals(measured: EvaluationRun, confidence: float) -> list[tuple[int, int]]:
    """Counted and true of whole pictures, where every label of the model is known."""
    every = set(measured.model.labels)
    return [
        (len(one.above(confidence)), sum(one.known.counts.values()))
        for one in measured.seen
        if every <= set(one.known.counts)
    ]


def _tallies(pairs: Sequence[tuple[int, int]]) -> tuple[Tally, ...]:
    return tuple(sorted((seen, true, number) for (seen, true), number in Counter(pairs).items()))
