"""`Sweep`: the count at every confidence, from one pass.

Filtering by confidence after the pass gives what a pass at that confidence would give, because
NMS only ever drops a box for the sake of a surer one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import cast

from countlab.findings import count_by_label
from countlab.inference.answer import SweepJson
from countlab.inference.prediction import Prediction
from countlab.messages import Language
from countlab.options import PredictOptions

_DEFAULT_CONFIDENCE = PredictOptions().confidence
_STEADY_STEPS = 15  # a stretch of 0.15: shorter ones lie in every curve that falls evenly


@dataclass(frozen=True)
class Step:
    """What is counted at one confidence."""

    confidence: float
    counts: dict[str, int]

    @property
    def count(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Stretch:
    """Neighboring steps, first and last included, with the same count."""

    first: float
    last: float
    count: int

    @property
    def steps(self) -> int:
        return round((self.last - self.first) * 100) + 1


@dataclass(frozen=True)
class Sweep:
    """Wraps a prediction made at the engine's floor."""

    prediction: Prediction

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """From the engine's floor to 0.99, a hundredth apart."""
        first = math.ceil(round(self.prediction.floor * 100, 6))
        confidences = [hundredths / 100 for hundredths in range(first, 100)]
        return tuple(
            Step(confidence, count_by_label(self.prediction.at(confidence).findings))
            for confidence in confidences
        )

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """All steps, joined where neighbors count the same."""
        runs = [list(run) for _, run in groupby(self.steps, key=lambda step: step.count)]
        return tuple(Stretch(run[0].confidence, run[-1].confidence, run[0].count) for run in runs)

    @cached_property
    def stable(self) -> Stretch:
        """The longest stretch that counts something (of equal ones the first).

        Where something was counted at all, the empty stretch at the end is no answer: beyond some
        confidence every picture is empty. Nor is one that drops most of what the default
        confidence counts: of a heap, the surest object alone gives a long stretch. Whether the
        stretch can be recommended says `steady`.
        """
        counting = [run for run in self.stretches if run.count and 2 * run.count >= self._usual]
        return max(counting or self.stretches, key=lambda stretch: stretch.steps)

    @property
    def steady(self) -> bool:
        """Whether the stable count can be recommended: it holds over a long stretch.

        A count that only ever holds below the default confidence is not recommended either.
        """
        return self.stable.steps >= _STEADY_STEPS and 0 < self.stable.count <= 2 * self._usual

    @cached_property
    def _usual(self) -> int:
        """What the default confidence counts."""
        return self.prediction.at(max(_DEFAULT_CONFIDENCE, self.prediction.floor)).count

    @property
    def at_stable(self) -> Prediction:
        """The prediction at the stable count."""
        return self.prediction.at(self.stable.first)

    def as_json(self, language: Language = "en") -> SweepJson:
        """The warnings and the receipt are those of the stable count."""
        answer = self.at_stable.as_json(language)
        sweep = {
            "object": answer["object"],
            "stable": {
                "from": self.stable.first,
                "to": self.stable.last,
                "count": self.stable.count,
            },
            "steady": self.steady,
            "steps": [
                {"confidence": step.confidence, "count": step.count, "counts": step.counts}
                for step in self.steps
            ],
            "findings": [finding.as_json() for finding in self.prediction.findings],
            "warnings": answer["warnings"],
            **self.prediction.circumstances(),
            "receipt": answer["receipt"],
        }
        rivals = [finding.rival for finding in self.prediction.findings]
        if any(rivals):
            sweep["second_labels"] = [
                rival and {"label": rival[0], "confidence": round(rival[1], 6)} for rival in rivals
            ]
        return cast(SweepJson, sweep)
