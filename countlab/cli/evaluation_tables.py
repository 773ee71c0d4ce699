"""The tables of `evaluate`: figures with their intervals, as wide as a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from countlab.cli.texts import say, words
from countlab.evaluation.metrics import PICTURES_FOR_INTERVAL, CountMetrics, Estimate
from countlab.evaluation.summary import EvaluationSummary


def summary_tables(summaries: Sequence[EvaluationSummary]) -> list[Table]:
    """Each model and engine, first where there is something to count: zeros come easily."""
    table = _table(say("evaluate_model"), *words("evaluate_numbers"))
    something_there, all_rows = words("evaluate_row_kinds")
    for summary in summaries:
        table.add_row(Text(summary.name, "bold"))
        if summary.nonzero:
            table.add_row(f" {something_there}", *_cells(summary.nonzero))
        table.add_row(f" {all_rows}", *_cells(summary.overall))
    boxes = _table(*words("evaluate_boxes"))
    for summary in summaries:
        if precise := summary.average_precision:
            boxes.add_row(summary.name, f"{precise.map50:.3f}", f"{precise.map:.3f}")
    return [table, boxes] if boxes.row_count else [table]


def detail_tables(summary: EvaluationSummary) -> list[Table]:
    label, truth = words("evaluate_groups")
    tables = [_grouped(label, summary.by_label), _grouped(truth, summary.by_truth)]
    if summary.best:
        tables.append(_best_confidences(summary))
    return tables


def has_too_few_pictures(summary: EvaluationSummary) -> bool:
    """Whether some row has no interval because too few pictures stand behind it."""
    groups = (summary.overall, *summary.by_label.values(), *summary.by_truth.values())
    return any(group.pictures < PICTURES_FOR_INTERVAL for group in groups)


def _grouped(heading: str, groups: Mapping[str, CountMetrics]) -> Table:
    table = _table(heading, *words("evaluate_numbers"))
    for name, metrics in groups.items():
        table.add_row(name, *_cells(metrics))
    return table


def _best_confidences(summary: EvaluationSummary) -> Table:
    """Held out: on pictures that had no part in the choice. Only that may be compared."""
    at_asked = say("evaluate_at", confidence=f"{summary.confidence:g}")
    table = _table(*words("evaluate_best"), at_asked)
    for label, best in summary.best.items():
        errors = f"{best.mae:.2f}", f"{best.mae_as_asked:.2f}"
        table.add_row(label, f"{best.confidence:.2f}", best.span, *errors)
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(first, *others, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    return table


def _cells(metrics: CountMetrics) -> tuple[str | Text, ...]:
    return (
        str(metrics.rows),
        _percent(metrics.exact),
        _percent(metrics.within_one),
        _objects(metrics.mae),
        _signed(metrics.bias),
        _objects(metrics.rms),
    )


def _percent(estimate: Estimate) -> str | Text:
    return _with_interval(estimate, lambda value: f"{value:.0%}")


def _objects(estimate: Estimate) -> str | Text:
    return _with_interval(estimate, lambda value: f"{value:.2f}")


def _signed(estimate: Estimate) -> str | Text:
    return _with_interval(estimate, lambda value: f"{value:+.2f}", between=" ")


def _with_interval(
    estimate: Estimate, shown: Callable[[float], str], between: str = "–"
) -> str | Text:
    """The interval under the figure, or the table would be wider than a terminal."""
    if estimate.low is None or estimate.high is None:
        return shown(estimate.value)
    interval = f"{shown(estimate.low)}{between}{shown(estimate.high)}"
    return Text.assemble(shown(estimate.value), "\n", (interval, "dim"))
