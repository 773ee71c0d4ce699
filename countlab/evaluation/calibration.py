"""Calibration of a model's error profile from evaluated pictures, and its cross-validation.

`calibrate` tabulates true against counted numbers; `coverage` checks the resulting intervals on
pictures that were not used to make them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from countlab.evaluation.run import CONFIDENCES, EvaluatedPicture, EvaluationRun
from countlab.evaluation.thresholds import FOLDS, assign_folds
from countlab.findings import Finding, count_by_label
from countlab.models.alarms import (
    LABEL_ALARMS,
    UNFAMILIAR_ALARMS,
    Alarms,
    highest,
    limit_above,
    limit_below,
)
from countlab.models.error_profile import ErrorProfile, Tally, file_hashes
from countlab.models.evidence import KINDS, Evidence, evidence

_Kinds = Mapping[str, Sequence[Tally]]


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
    labels: dict[str, dict[float, _Kinds]] = {label: {} for label in run.labels}
    totals: dict[float, _Kinds] = {}
    for confidence in confidences:
        answers: dict[str | None, list[_Answer]] = defaultdict(list)
        for answer in _answers(run, confidence):
            answers[answer.label].append(answer)
        for label in run.labels:
            labels[label][confidence] = _tallies(answers[label])
        totals[confidence] = _tallies(answers[None])
    return ErrorProfile(
        model=run.model.name,
        precision=run.precision,
        nms=run.nms,
        files=file_hashes(run.model),
        measured_on=measured_on,
        pictures=len(run.pictures),
        labels=labels,
        all_labels=totals,
        alarms=_alarms(run),
    )


def _alarms(run: EvaluationRun) -> Alarms:
    """Limits from the pictures that show something, and from those that were counted right."""
    showing = [picture for picture in run.pictures if any(picture.truth.counts.values())]
    right = [picture for picture in showing if _is_right(picture)]
    doubts = [max(finding.label_doubt for finding in picture.above(0.5)) for picture in right]
    below = limit_below([highest(picture.findings) for picture in showing], UNFAMILIAR_ALARMS)
    unsure = limit_above(doubts, LABEL_ALARMS)
    return Alarms(below or None, unsure or None)


def _is_right(picture: EvaluatedPicture) -> bool:
    counts = count_by_label(picture.above(0.5))
    return counts == {label: count for label, count in picture.truth.counts.items() if count}


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
        for answer in _answers(replace(run, pictures=held_out), confidence):
            if answer.shown.counted < min_count:
                continue
            answers += 1
            interval = profile.likely(
                answer.label, confidence=confidence, nms=run.nms, seen=answer.seen
            )
            if interval:
                with_interval += 1
                covered += interval[0] <= answer.truth <= interval[1]
                total_width += interval[1] - interval[0] + 1
    return Coverage(answers, with_interval, covered, total_width / max(1, with_interval))


class _Answer(NamedTuple):
    """What a client may ask of one picture: an object, or all of them (label None)."""

    label: str | None
    truth: int
    shown: Evidence
    seen: Sequence[Finding]


def _answers(run: EvaluationRun, confidence: float) -> Iterator[_Answer]:
    """Every question that a picture suggests.

    Nobody asks a picture of apples for lemons: the zeros that are right there would make all zeros
    look sure. Pictures without any object are asked for each of them.
    """
    every_label = set(run.model.labels)
    for picture in run.pictures:
        seen, total = picture.findings, sum(picture.truth.counts.values())
        for label, truth in picture.truth.counts.items():
            shown = evidence(seen, label, confidence)
            if truth or not total:
                yield _Answer(label, truth, shown, seen)
        if every_label <= set(picture.truth.counts):
            yield _Answer(None, total, evidence(seen, None, confidence), seen)


def _tallies(answers: Sequence[_Answer]) -> _Kinds:
    """By kind of evidence, those that occur."""
    numbers: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
    for answer in answers:
        numbers[answer.shown.kind][answer.shown.counted, answer.truth] += 1
    return {
        kind: tuple(sorted((*pair, number) for pair, number in numbers[kind].items()))
        for kind in KINDS
        if kind in numbers
    }
