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
    def stable(self) -> Stretch:
        """The longest stretch with the same count (of equal ones the first)."""
        runs = [list(run) for _, run in groupby(self.steps, key=lambda step: step.count)]
        longest = max(runs, key=len)
        return Stretch(longest[0].confidence, longest[-1].confidence, longest[0].count)

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
            "steps": [
                {"confidence": step.confidence, "count": step.count, "counts": step.counts}
                for step in self.steps
            ],
            "findings": [finding.as_json() for finding in self.prediction.findings],
            "warnings": answer["warnings"],
            **self.prediction.circumstances(),
            "receipt": answer["receipt"],
        }
        return cast(SweepJson, sweep)
