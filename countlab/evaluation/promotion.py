"""The gate before a promotion: a candidate held against the present champion.

On the same pictures it must not be worse by more than a margin, it must answer in time, and it
must come through the hostile smoke test. Every check is made, and each says its figures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from countlab.errors import CountlabError
from countlab.evaluation.class_run import run_classification
from countlab.evaluation.class_truth import LabelledPicture
from countlab.evaluation.comparison import Increase, increase
from countlab.evaluation.ground_truth import GroundTruth
from countlab.evaluation.metrics import MIN_PICTURES, Row
from countlab.evaluation.run import run_evaluation
from countlab.evaluation.smoke import smoke_test
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from countlab.system.versions import Check

_CONFIDENCE = 0.5
_IN_TIME_PERCENTILE = 95
JudgingPictures = Sequence[LabelledPicture] | Sequence[GroundTruth]


@dataclass(frozen=True)
class Judgment:
    """What a model answered on the judging pictures."""

    rows: Sequence[Row]
    milliseconds: Sequence[float]

    @property
    def mean_error(self) -> float:
        return float(np.mean([abs(row.error) for row in self.rows]))

    @property
    def slowest_ms(self) -> float:
        """Nineteen of twenty answers are faster."""
        return float(np.percentile(self.milliseconds, _IN_TIME_PERCENTILE))


def gate(
    pipeline: Pipeline,
    candidate: str,
    champion: str | None,
    *,
    pictures: JudgingPictures,
    margin: float,
    within_ms: float,
    on_progress: Callable[[], object] = lambda: None,
) -> tuple[Check, ...]:
    """All checks; the first champion of a name has nobody to be held against."""
    mine = judge(pipeline, candidate, pictures, on_progress=on_progress)
    checks = [in_time(mine, within_ms), survives(pipeline, candidate)]
    if champion is None:
        text = CountlabError(
            "gate_no_champion", pictures=len(mine.rows), error=_shown(mine.mean_error)
        )
        checks.insert(0, Check(True, text))
    else:
        theirs = judge(pipeline, champion, pictures, on_progress=on_progress)
        checks.insert(0, not_worse(mine, theirs, margin))
    return tuple(checks)


def judge(
    pipeline: Pipeline,
    model: str,
    pictures: JudgingPictures,
    *,
    on_progress: Callable[[], object] = lambda: None,
) -> Judgment:
    """A classifier on pictures of known class, a detector on counted ones."""
    if len(pictures) < MIN_PICTURES:
        raise CountlabError("too_few_pictures", arrived=len(pictures), needed=MIN_PICTURES)
    options = PredictOptions(model=model)
    labelled = [picture for picture in pictures if isinstance(picture, LabelledPicture)]
    if labelled:
        found = run_classification(
            pipeline, {"judging": labelled}, options=options, on_progress=on_progress
        )
        return Judgment(found.rows(), found.milliseconds)
    truths = [picture for picture in pictures if isinstance(picture, GroundTruth)]
    run = run_evaluation(pipeline, truths, on_progress=on_progress, options=options)
    return Judgment(run.rows(_CONFIDENCE), run.milliseconds)


def not_worse(mine: Judgment, theirs: Judgment, margin: float) -> Check:
    """Even the upper end of the paired difference stays within the margin."""
    found: Increase = increase(mine.rows, theirs.rows, other="champion")
    passed = not found.exceeds(margin, strict=True)
    text = CountlabError(
        "gate_not_worse" if passed else "gate_worse",
        value=_shown(found.value, sign=True),
        high=_shown(found.high, sign=True),
        margin=_shown(margin, sign=True),
        pictures=found.pictures,
        error=_shown(mine.mean_error),
        before=_shown(theirs.mean_error),
    )
    return Check(passed, text)


def in_time(mine: Judgment, within_ms: float) -> Check:
    passed = mine.slowest_ms <= within_ms
    code = "gate_in_time" if passed else "gate_too_slow"
    return Check(
        passed,
        CountlabError(code, slowest=f"{mine.slowest_ms:.1f}", allowed=f"{within_ms:g}"),
    )


def survives(pipeline: Pipeline, model: str) -> Check:
    failures = smoke_test(pipeline, model)
    if not failures:
        return Check(True, CountlabError("gate_survives"))
    shown = ", ".join(f"{name}: {what}" for name, what in failures)
    return Check(False, CountlabError("gate_does_not_survive", failures=shown))


def _shown(value: float, *, sign: bool = False) -> str:
    return f"{value:{'+' if sign else ''}.3f}"
