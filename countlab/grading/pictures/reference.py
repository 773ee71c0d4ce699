"""The grader's own detector: the built-in `fruits` model, held in the grader's process."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from countlab.errors import CountlabError
from countlab.options import PredictOptions

if TYPE_CHECKING:
    from countlab.findings import Finding
    from countlab.inference.pipeline import Pipeline
    from countlab.inference.prediction import Prediction

MODEL = "fruits"
KINDS = ("orange", "apple", "banana", "lemon")


class Reference:
    """Loads the model when it is first asked; nothing of a person's own models folder joins in."""

    @cached_property
    def pipeline(self) -> Pipeline:
        from countlab.inference.pipeline import Pipeline
        from countlab.settings import Settings

        return Pipeline(Settings(home=Path("/nonexistent")), engine="openvino")

    def predict(self, data: bytes, confidence: float) -> Prediction:
        options = PredictOptions(model=MODEL, confidence=confidence)
        return self.pipeline.predict(data, options)

    def findings(self, data: bytes, confidence: float) -> tuple[Finding, ...]:
        return self.predict(data, confidence).findings

    def counts(self, data: bytes, confidence: float = 0.5) -> dict[str, int]:
        """How many of each kind; all zero for what is not a picture."""
        try:
            found = Counter(finding.label for finding in self.findings(data, confidence))
        except CountlabError:
            found = Counter()
        return {kind: found[kind] for kind in KINDS}
