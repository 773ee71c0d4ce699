"""From judged pictures to a counting error that answers can quote, and whether it holds.

The test of an interval is a picture that had no part in it: `coverage` asks that in folds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from countlab.evaluate.measured import CONFIDENCES, Measured
from countlab.evaluate.thresholds import FOLDS, folds_of
from countlab.likely import CountingError, Tally
from countlab.saved_error import files_of


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


def calibrate(measured: Measured, *, measured_on: str) -> CountingError:
    rows = {step: measured.rows(step) for step in CONFIDENCES}
    return CountingError(
        model=measured.model.name,
        precision=measured.precision,
        nms=measured.nms,
        files=files_of(measured.model),
        measured_on=measured_on,
        pictures=len(measured.seen),
        labels={
            label: {
                step: _tallies([(x.counted, x.truth) for x in rows[step] if x.object == label])
                for step in CONFIDENCES
            }
            for label in measured.labels
        },
        everything={step: _tallies(_totals(measured, step)) for step in CONFIDENCES},
    )


def coverage(measured: Measured, *, confidence: float) -> Coverage:
    """Each picture is answered with intervals from the folds that it is not in."""
    folds = folds_of(len(measured.seen))
    answers = with_interval = covered = width = 0
    for fold in range(FOLDS):
        kept = [one for one, place in zip(measured.seen, folds, strict=True) if place != fold]
        left = [one for one, place in zip(measured.seen, folds, strict=True) if place == fold]
        error = calibrate(replace(measured, seen=tuple(kept)), measured_on="")
        for row in replace(measured, seen=tuple(left)).rows(confidence):
            answers += 1
            interval = error.likely(
                row.object, confidence=confidence, nms=measured.nms, counted=row.counted
            )
            if interval:
                with_interval += 1
                covered += interval[0] <= row.truth <= interval[1]
                width += interval[1] - interval[0] + 1
    return Coverage(answers, with_interval, covered, width / max(1, with_interval))


def _totals(measured: Measured, confidence: float) -> list[tuple[int, int]]:
    """Counted and true of whole pictures, where every label of the model is known."""
    every = set(measured.model.labels)
    return [
        (len(one.above(confidence)), sum(one.known.counts.values()))
        for one in measured.seen
        if every <= set(one.known.counts)
    ]


def _tallies(pairs: Sequence[tuple[int, int]]) -> tuple[Tally, ...]:
    return tuple(sorted((seen, true, number) for (seen, true), number in Counter(pairs).items()))
