"""The table of counted pictures: the same columns for `count` and `history`, row by row.

Each row is printed when it is there, in columns whose widths are fixed beforehand.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countlab.cli.label_names import counts_text, label_text
from countlab.cli.texts import say, words

_MAX_NAME_WIDTH = 48
_BY_LABEL_WIDTH = 28


@dataclass(frozen=True)
class Column:
    title: str
    width: int = 0
    right: bool = False


class LiveTable:
    """Prints its headings before the first row, and each row at once."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._begun = False

    def row(self, *cells: str) -> None:
        if not self._begun:
            self._begun = True
            self._print([column.title for column in self._columns])
        self._print(cells)

    def _print(self, cells: Sequence[str]) -> None:
        placed = [
            _placed(printable(cell), column)
            for cell, column in zip(cells, self._columns, strict=True)
        ]
        print("  ".join(placed).rstrip(), flush=True)


def count_table(names: Sequence[str], *, classes: bool = False) -> LiveTable:
    """Picture, count, likely, by label, model, ms, warnings; of a class its probability."""
    return LiveTable(_columns(names, classes=classes))


def history_table(names: Sequence[str], keys: Sequence[str]) -> LiveTable:
    """The same columns between the time and, where keys are used, the key's name."""
    time, key = words("columns_history")
    width = max((display_width(name) for name in keys), default=0)
    last = [Column(key, width)] if width else []
    return LiveTable([Column(time, 19), *_columns(names, classes=False), *last])


def _columns(names: Sequence[str], *, classes: bool) -> list[Column]:
    picture, count, likely, by_label, model, ms, warnings = words("columns_count")
    width = min(_MAX_NAME_WIDTH, max((display_width(printable(name)) for name in names), default=0))
    if classes:
        label, probability = words("columns_classes")
        middle = [Column(label, 18), Column(probability, 6, right=True)]
    else:
        middle = [
            Column(count, right=True),
            Column(likely, 7, right=True),
            Column(by_label, _BY_LABEL_WIDTH),
        ]
    return [
        Column(picture, width),
        *middle,
        Column(model, 8),
        Column(ms, 5, True),
        Column(warnings),
    ]


def count_cells(result: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells after the picture's name: of an answer, or of a row of the history."""
    spent = result.get("milliseconds")
    return (
        str(result.get("count")),
        likely_text(result),
        counts_text(result) or label_text(result, result.get("object")) or "–",
        str(result.get("model") or ""),
        f"{sum(spent.values()):.0f}" if spent else "",
        " ".join(warning_codes(result)),
    )


def class_cells(result: Mapping[str, Any]) -> tuple[str, ...]:
    label, probability = top_class(result)
    model, ms, warnings = count_cells(result)[-3:]
    return label_text(result, label), f"{probability:.1%}", model, ms, warnings


def failed_cells(*, classes: bool) -> tuple[str, ...]:
    not_counted = say("not_counted")
    empty = ("", "", "")  # model, ms, warnings
    return (f"✗ {not_counted}", "", *empty) if classes else ("✗", "", not_counted, *empty)


def top_class(result: Mapping[str, Any]) -> tuple[str, float]:
    """The likeliest class, also where it is not likely enough to count."""
    label, probability = next(iter(result["probabilities"].items()))
    return str(label), float(probability)


def likely_text(result: Mapping[str, Any]) -> str:
    """The range in which the true count probably lies, where the model's error was measured."""
    likely = result.get("likely")
    return f"{likely[0]}–{likely[1]}" if likely else ""


def warning_codes(result: Mapping[str, Any]) -> list[str]:
    """An answer's warnings are sentences with codes; a row of the history keeps the codes."""
    warnings = result.get("warnings") or ()
    codes = (warning if isinstance(warning, str) else warning["code"] for warning in warnings)
    return list(dict.fromkeys(codes))  # older answers and rows repeat some


def printable(text: str) -> str:
    """A file name may hold anything; to the terminal it must not speak in control sequences."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def display_width(text: str) -> int:
    """In cells of a terminal: Chinese characters take two, accents that stand alone none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _placed(cell: str, column: Column) -> str:
    width = max(column.width, display_width(column.title))
    space = " " * (width - display_width(cell))
    return space + cell if column.right else cell + space
