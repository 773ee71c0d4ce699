"""The tables of `evaluate`: figures with their intervals, as wide as a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table

from countlab.evaluation.metrics import CountMetrics, Estimate
from countlab.evaluation.summary import EvaluationSummary

_NUMBERS = ("rows", "exact", "within 1", "mean error", "bias", "rms")


def summary_of(judged: Sequence[EvaluationSummary]) -> list[Table]:
    """Each model and engine, first where there is something to count: zeros come easily."""
    table = _table("model", *_NUMBERS)
    for one in judged:
        table.add_row(f"[bold]{one.name}")
        if one.nonzero:
            table.add_row(" something there", *_cells(one.nonzero))
        table.add_row(" all rows", *_cells(one.overall))
    boxes = _table("where the boxes are", "mAP at half an overlap", "mAP (COCO)")
    for one in judged:
        if precise := one.average_precision:
            boxes.add_row(one.name, f"{precise.map50:.3f}", f"{precise.map:.3f}")
    return [table, boxes] if boxes.row_count else [table]


def details_of(judged: EvaluationSummary) -> list[Table]:
    tables = [_grouped("object", judged.by_label), _grouped("true count", judged.by_truth)]
    if judged.best:
        tables.append(_best_of(judged))
    return tables


def _grouped(what: str, groups: Mapping[str, CountMetrics]) -> Table:
    table = _table(what, *_NUMBERS)
    for name, count_metrics in groups.items():
        table.add_row(name, *_cells(count_metrics))
    return table


def _best_of(judged: EvaluationSummary) -> Table:
    """Held out: on pictures that had no part in the choice. Only that may be compared."""
    asked = f"at {judged.confidence:g}"
    table = _table("object", "best confidence", "in folds", "mean error there", asked)
    for label, best in judged.best.items():
        errors = f"{best.mae:.2f}", f"{best.mae_as_asked:.2f}"
        table.add_row(label, f"{best.confidence:.2f}", best.span, *errors)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(first, *others, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    return table


def _cells(count_metrics: CountMetrics) -> tuple[str, ...]:
    return (
        str(count_metrics.rows),
        _percent(count_metrics.exact),
        _percent(count_metrics.within_one),
        _objects(count_metrics.mae),
        _signed(count_metrics.bias),
        _objects(count_metrics.rms),
    )


def _percent(one: Estimate) -> str:
    return _with_interval(one, lambda value: f"{value:.0%}")


def _objects(one: Estimate) -> str:
    return _with_interval(one, lambda value: f"{value:.2f}")


def _signed(one: Estimate) -> str:
    return _with_interval(one, lambda value: f"{value:+.2f}", between=" ")


def _with_interval(one: Estimate, shown: Callable[[float], str], between: str = "–") -> str:
    """The interval under the figure, or the table would be wider than a terminal."""
    if one.low is None or one.high is None:
        return shown(one.value)
    return f"{shown(one.value)}\n[dim]{shown(one.low)}{between}{shown(one.high)}"
