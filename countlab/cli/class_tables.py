"""The tables of `evaluate` for a classifier: sets, classes, confusion, calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from countlab.cli.texts import say, words
from countlab.evaluation.class_summary import ClassSummary

_MOST_COLUMNS = 12  # of a confusion matrix that a terminal can show


def set_table(summaries: Sequence[ClassSummary]) -> Table:
    """Each model and engine on each set of pictures."""
    table = _table(say("evaluate_model"), *words("evaluate_set_columns"))
    for summary in summaries:
        table.add_row(Text(summary.name, "bold"))
        for name, figures in summary.sets.items():
            table.add_row(
                f" {name}",
                f"{figures['pictures']:,}",
                _share(figures["accuracy"], figures["accuracy_interval"], places=1),
                f"{figures['calibration_error']:.3f}",
                f"{figures['calibration_error_by_chance']:.3f}",
                f"{figures['called_unfamiliar']:.1%}",
            )
    return table


def class_tables(summary: ClassSummary) -> Iterator[tuple[str, list[Table]]]:
    """For each set its classes, what is taken for what, and how sure it is when it is right."""
    for name, figures in summary.sets.items():
        tables = [_classes(figures)]
        if len(figures["confusion"]) <= _MOST_COLUMNS:
            tables.append(_confusion(figures))
        tables.append(_reliability(figures))
        yield f"{summary.name} · {name}", tables


def _classes(figures: Mapping[str, Any]) -> Table:
    table = _table(*words("evaluate_class_columns"))
    for label, of in figures["classes"].items():
        shares = (_share(of[key], of[f"{key}_interval"]) for key in ("recall", "precision"))
        low, high = of["f1_interval"]
        f1 = _with_interval(f"{of['f1']:.2f}", f"{low:.2f}–{high:.2f}")
        table.add_row(label, f"{of['pictures']:,}", *shares, f1)
    return table


def _confusion(figures: Mapping[str, Any]) -> Table:
    labels = list(figures["classes"])
    table = _table(say("evaluate_confusion"), *labels)
    for row, (label, counts) in enumerate(zip(labels, figures["confusion"], strict=True)):
        cells = [
            Text(str(count) if count else "·", _confusion_style(row, column, count))
            for column, count in enumerate(counts)
        ]
        table.add_row(label, *cells)
    return table


def _confusion_style(row: int, column: int, count: int) -> str:
    if row == column:
        return "bold"
    return "yellow" if count else "dim"


def _reliability(figures: Mapping[str, Any]) -> Table:
    table = _table(*words("evaluate_reliability_columns"))
    for entry in figures["reliability"]:
        table.add_row(
            f"{entry['from']:.0%}–{entry['to']:.0%}",
            f"{entry['pictures']:,}",
            f"{entry['confidence']:.0%}",
            _share(entry["accuracy"], entry["accuracy_interval"]),
        )
    return table


def _share(value: float, interval: Sequence[float], *, places: int = 0) -> Text:
    low, high = interval
    return _with_interval(f"{value:.{places}%}", f"{low:.{places}%}–{high:.{places}%}")


def _with_interval(value: str, interval: str) -> Text:
    """The interval under the figure, or the table would be wider than a terminal."""
    return Text.assemble(value, "\n", (interval, "dim"))


def _table(first: str, *others: str) -> Table:
    table = Table(first, *others, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    return table
