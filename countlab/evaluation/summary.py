"""Everything that is said of one model on one folder, at one confidence, as one value."""

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
    present,
)
from countlab.evaluation.run import EvaluatedPicture, EvaluationRun
from countlab.evaluation.thresholds import Best, best_confidences


@dataclass(frozen=True)
class EvaluationSummary:
    """`some` is about the rows with something to count: zeros come easily."""

    measured: EvaluationRun
    confidence: float
    rows: tuple[Row, ...]
    overall: CountMetrics
    some: CountMetrics | None
    by_label: Mapping[str, CountMetrics]
    by_truth: Mapping[str, CountMetrics]
    best: Mapping[str, Best]
    average_precision: AveragePrecision | None

    @property
    def name(self) -> str:
        measured = self.measured
        tiles = "" if measured.tiles == "off" else f" · tiles {measured.tiles}"
        return f"{measured.model.name} · {measured.engine} {measured.precision}{tiles}"

    def worst(self, number: int) -> list[tuple[EvaluatedPicture, list[Row]]]:
        """The pictures with the largest errors, each with its wrong rows, the worst first."""
        wrong: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.error:
                wrong[row.picture].append(row)
        seen = {one.known.name: one for one in self.measured.seen}
        order = sorted(wrong, key=lambda name: (-sum(abs(row.error) for row in wrong[name]), name))
        return [(seen[name], wrong[name]) for name in order[:number]]

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.measured.model.name,
            "engine": self.measured.engine,
            "precision": self.measured.precision,
            "nms": self.measured.nms,
            "tiles": self.measured.tiles,
            "confidence": self.confidence,
            "all_rows": self.overall.as_json(),
            "rows_with_something_to_count": self.some and self.some.as_json(),
            "by_label": {label: one.as_json() for label, one in self.by_label.items()},
            "by_true_count": {group: one.as_json() for group, one in self.by_truth.items()},
            "best_confidence": {label: one.as_json() for label, one in self.best.items()},
            "average_precision": self.average_precision and self.average_precision.as_json(),
            "not_counted": list(self.measured.not_counted),
            "errors": {name: error.code for name, error in self.measured.errors},
            "rows": [list(row) for row in self.rows],
        }


def summarize(measured: EvaluationRun, *, confidence: float) -> EvaluationSummary:
    rows = measured.rows(confidence)
    some = present(rows)
    return EvaluationSummary(
        measured=measured,
        confidence=confidence,
        rows=tuple(rows),
        overall=count_metrics(rows),
        some=count_metrics(some) if some else None,
        by_label=by_label(rows),
        by_truth=by_truth(rows),
        best=best_confidences(measured, asked=confidence),
        average_precision=average_precision(measured),
    )
