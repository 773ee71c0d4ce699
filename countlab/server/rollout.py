"""Shadow and canary: a candidate answers beside the champion, or for a share of the pictures.

The champion's answer is never late or wrong because of the candidate: a shadow is asked aside and
only while nobody waits, and a canary that cannot answer is stood in for.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from countlab.errors import CountlabError
from countlab.findings import count_by_label
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.inference.receipt import picture_hash
from countlab.options import PredictOptions
from countlab.server.metrics import Metrics

_ASIDE = 8  # pictures that wait for the candidate; further ones are skipped
_STEPS = 10_000

log = logging.getLogger("countlab.rollout")


@dataclass(frozen=True)
class RolloutPlan:
    """Which model, which candidate, and what the candidate does."""

    model: str
    candidate: str
    shadow: bool = False
    share: float = 0.0
    """Of the pictures that the candidate answers, 0 to 1."""


class Rollout:
    """One plan at work; safe in many threads."""

    def __init__(
        self, plan: RolloutPlan, pipeline: Pipeline, metrics: Metrics, waiting: Callable[[], int]
    ) -> None:
        self.plan = plan
        self._pipeline, self._metrics, self._waiting = pipeline, metrics, waiting
        self._aside: queue.Queue[tuple[bytes, PredictOptions, Prediction] | None]
        self._aside = queue.Queue(_ASIDE)
        self._thread = threading.Thread(target=self._ask_aside, name="shadow", daemon=True)
        if plan.shadow:
            self._thread.start()

    def predict(self, data: bytes, options: PredictOptions | None) -> Prediction:
        options = options or PredictOptions()
        if (options.model or self._pipeline.settings.default_model) != self.plan.model:
            return self._pipeline.predict(data, options)
        chosen = is_chosen(data, self.plan.share)
        if chosen:
            prediction = self._canary(data, options)
            if prediction is not None:
                return prediction
        prediction = self._pipeline.predict(data, options)
        if self.plan.share and not chosen:
            self._metrics.record_canary("champion")
        if self.plan.shadow:
            self._shadow(data, options, prediction)
        return prediction

    def close(self) -> None:
        if self._thread.is_alive():
            self._aside.put(None)
            self._thread.join(5)

    def _canary(self, data: bytes, options: PredictOptions) -> Prediction | None:
        """The candidate's answer; None where it has none, but for a fault of the picture."""
        try:
            found = self._pipeline.predict(data, replace(options, model=self.plan.candidate))
        except CountlabError as error:
            if error.is_about_picture:
                raise
            self._metrics.record_canary("stood_in")
            log.warning("%s could not answer: %s", self.plan.candidate, error)
            return None
        self._metrics.record_canary("candidate")
        return found

    def _shadow(self, data: bytes, options: PredictOptions, prediction: Prediction) -> None:
        try:
            if self._waiting():
                raise queue.Full
            self._aside.put_nowait((data, options, prediction))
        except queue.Full:
            self._metrics.record_shadow("skipped")

    def _ask_aside(self) -> None:
        while (task := self._aside.get()) is not None:
            data, options, theirs = task
            try:
                options = replace(options, model=self.plan.candidate)
                mine = self._pipeline.predict(data, options)
            except Exception as error:  # whatever it is, it is what the shadow is for
                self._metrics.record_shadow("failed")
                log.warning("the shadow %s failed: %s", self.plan.candidate, error)
            else:
                outcome = "agrees" if _say_the_same(mine, theirs) else "differs"
                self._metrics.record_shadow(outcome, mine.milliseconds["find"] / 1000)


def is_chosen(data: bytes, share: float) -> bool:
    """By the picture: the same one is always answered by the same model."""
    return share > 0 and int(picture_hash(data)[:8], 16) % _STEPS < share * _STEPS


def _say_the_same(mine: Prediction, theirs: Prediction) -> bool:
    """The same class, or the same counts."""
    if mine.probabilities and theirs.probabilities:
        return next(iter(mine.probabilities)) == next(iter(theirs.probabilities))
    return count_by_label(mine.findings) == count_by_label(theirs.findings)
