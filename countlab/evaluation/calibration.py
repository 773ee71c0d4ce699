"""Calibration of a model's error profile from evaluated pictures, and its cross-validation.

`calibrate` tabulates true against counted numbers; `coverage` checks the resulting intervals on
pictures that were not used to make them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from countlab.evaluation.run import CONFIDENCES, EvaluationRun
from countlab.evaluation.thresholds import FOLDS, assign_folds
from countlab.models.error_profile import ErrorProfile, Tally, file_hashes


@dataclass(frozen=True)
class Coverage:
    """How often the interval contained the true count, over the answers that had an interval."""

    answers: int
    with_interval: int
    covered: int
    mean_width: float
    """Mean number of counts in an interval; 1 is a single count."""

    @property
    def share(self) -> float:
        return self.covered / max(1, self.with_interval)


def calibrate(
    run: EvaluationRun, *, measured_on: str, confidences: Sequence[float] = CONFIDENCES
) -> ErrorProfile:
    """Tallies of (counted, true) at each confidence, by label and for whole pictures."""
    labels: dict[str, dict[float, Sequence[Tally]]] = {label: {} for label in run.labels}
    for confidence in confidences:
        pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in run.rows(confidence):
            pairs[row.object].append((row.counted, row.truth))
        for label in run.labels:
            labels[label][confidence] = _tallies(pairs[label])
    return ErrorProfile(
        model=run.model.name,
        precision=run.precision,
        nms=run.nms,
        files=file_hashes(run.model),
        measured_on=measured_on,
        pictures=len(run.pictures),
        labels=labels,
        all_labels={
            confidence: _tallies(_picture_totals(run, confidence)) for confidence in confidences
        },
    )


def coverage(run: EvaluationRun, *, confidence: float, min_count: int = 0) -> Coverage:
    """Cross-validated: each picture gets intervals calibrated on the other folds.

    `confidence` is one of CONFIDENCES. `min_count` leaves out answers that counted fewer: zeros
    are easy to be right about.
    """
    folds = assign_folds(len(run.pictures))
    answers = with_interval = covered = total_width = 0
    for fold in range(FOLDS):
        calibration = tuple(p for p, f in zip(run.pictures, folds, strict=True) if f != fold)
        held_out = tuple(p for p, f in zip(run.pictures, folds, strict=True) if f == fold)
        profile = calibrate(
            replace(run, pictures=calibration), measured_on="", confidences=[confidence]
        )
        for label, counted, truth in _answers(replace(run, pictures=held_out), confidence):
            if counted < min_count:
                continue
            answers += 1
            interval = profile.likely(label, confidence=confidence, nms=run.nms, counted=counted)
            if interval:
                with_interval += 1
                covered += interval[0] <= truth <= interval[1]
                total_width += interval[1] - interval[0] + 1
    return Coverage(answers, with_interval, covered, total_width / max(1, with_interval))


def _answers(run: EvaluationRun, confidence: float) -> Iterator[tuple[str | None, int, int]]:
    """(label, counted, true) of every request a client may make: each object, and all objects."""
    for row in run.rows(confidence):
        yield row.object, row.counted, row.truth
    for counted, truth in _picture_totals(run, confidence):
        yield None, counted, truth


def _picture_totals(run: EvaluationRun, confidence: float) -> list[tuple[int, int]]:
    """(counted, true) of whole pictures whose truth covers every label of the model."""
    labels = set(run.model.labels)
    return [
        (len(picture.above(confidence)), sum(picture.truth.counts.values()))
        for picture in run.pictures
        if labels <= set(picture.truth.counts)
    ]


def _tallies(pairs: Sequence[tuple[int, int]]) -> tuple[Tally, ...]:
    return tuple(
        sorted((counted, truth, number) for (counted, truth), number in Counter(pairs).items())
    )
