"""Summary of an evaluation run at one confidence: metrics, best confidences, worst pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from countlab.evaluation.average_precision import AveragePrecision, average_precision
from countlab.evaluation.metrics import (
    CountMetrics,
    Row,
    by_label,
    by_truth,
    count_metrics,
    nonzero_rows,
)
from countlab.evaluation.run import EvaluatedPicture, EvaluationRun
from countlab.evaluation.thresholds import BestConfidence, best_confidences


@dataclass(frozen=True)
class EvaluationSummary:
    """`nonzero` is about the rows with a true count above zero, None where there are none."""

    run: EvaluationRun
    confidence: float
    rows: tuple[Row, ...]
    overall: CountMetrics
    nonzero: CountMetrics | None
    by_label: Mapping[str, CountMetrics]
    by_truth: Mapping[str, CountMetrics]
    best: Mapping[str, BestConfidence]
    average_precision: AveragePrecision | None

    @property
    def name(self) -> str:
        run = self.run
        tiles = "" if run.tiles == "off" else f" · tiles {run.tiles}"
        return f"{run.model.name} · {run.engine} {run.precision}{tiles}"

    def worst(self, number: int) -> list[tuple[EvaluatedPicture, list[Row]]]:
        """The pictures with the largest errors, worst first, each with its wrong rows."""
        wrong: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.error:
                wrong[row.picture].append(row)
        pictures = {picture.truth.name: picture for picture in self.run.pictures}
        order = sorted(wrong, key=lambda name: (-sum(abs(row.error) for row in wrong[name]), name))
        return [(pictures[name], wrong[name]) for name in order[:number]]

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.run.model.name,
            "engine": self.run.engine,
            "precision": self.run.precision,
            "nms": self.run.nms,
            "tiles": self.run.tiles,
            "confidence": self.confidence,
            "all_rows": self.overall.as_json(),
            "rows_with_something_to_count": self.nonzero and self.nonzero.as_json(),
            "by_label": {label: metrics.as_json() for label, metrics in self.by_label.items()},
            "by_true_count": {group: metrics.as_json() for group, metrics in self.by_truth.items()},
            "best_confidence": {label: best.as_json() for label, best in self.best.items()},
            "average_precision": self.average_precision and self.average_precision.as_json(),
            "not_counted": list(self.run.not_counted),
            "errors": {name: error.code for name, error in self.run.errors},
            "rows": [list(row) for row in self.rows],
        }


def summarize(run: EvaluationRun, *, confidence: float) -> EvaluationSummary:
    rows = run.rows(confidence)
    nonzero = nonzero_rows(rows)
    return EvaluationSummary(
        run=run,
        confidence=confidence,
        rows=tuple(rows),
        overall=count_metrics(rows),
        nonzero=count_metrics(nonzero) if nonzero else None,
        by_label=by_label(rows),
        by_truth=by_truth(rows),
        best=best_confidences(run, confidence=confidence),
        average_precision=average_precision(run),
    )
