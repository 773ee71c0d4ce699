"""The formats of `count`: table, CSV, JSON and NDJSON, written as the pictures are counted."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from countlab.cli.columns import (
    LiveTable,
    class_cells,
    count_cells,
    count_table,
    failed_cells,
    top_class,
    warning_codes,
)
from countlab.cli.counter import Counted
from countlab.cli.formats import Format
from countlab.cli.texts import error_text

COUNT_COLUMNS = (
    "file", "object", "count", "model", "confidence", "warnings", "error",
    "total", "likely_low", "likely_high",
)  # fmt: skip
"""The first three are those of truth.csv; the last three are about the whole picture."""
CLASS_COLUMNS = ("file", "class", "probability", "model", "confidence", "warnings", "error")


class Writer(Protocol):
    """Prints each picture at once; `close` ends the document, also after Ctrl-C."""

    def write(self, entry: Counted) -> None: ...

    def close(self) -> None: ...


def make_writer(format: Format, names: Sequence[str], object: str | None) -> Writer:
    if format is Format.csv:
        return CsvWriter(object)
    if format is Format.json:
        return JsonWriter()
    return NdjsonWriter() if format is Format.ndjson else TableWriter(names)


class TableWriter:
    """Columns that are the same for all rows; their kind follows the first answer."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._table: LiveTable | None = None
        self._classes = False
        self._waiting: list[Counted] = []

    def write(self, entry: Counted) -> None:
        if self._table is None and entry.result is None:
            self._waiting.append(entry)  # it has no columns of its own
            return
        if self._table is None:
            self._begin(classes=is_classification(entry.result))
        self._print(entry)

    def close(self) -> None:
        if self._waiting:
            self._begin(classes=False)

    def _begin(self, *, classes: bool) -> None:
        self._classes = classes
        self._table = count_table(self._names, classes=classes)
        waiting, self._waiting = self._waiting, []
        for entry in waiting:
            self._print(entry)

    def _print(self, entry: Counted) -> None:
        assert self._table is not None
        if entry.result is None:
            cells = failed_cells(classes=self._classes)
        else:
            cells = class_cells(entry.result) if self._classes else count_cells(entry.result)
        self._table.row(entry.name, *cells)


class CsvWriter:
    """One line for each label in each picture; of a classifier one for each picture."""

    def __init__(self, object: str | None) -> None:
        self._object = object
        self._columns: tuple[str, ...] = ()
        self._waiting: list[Counted] = []

    def write(self, entry: Counted) -> None:
        if not self._columns and entry.result is None:
            self._waiting.append(entry)
            return
        if not self._columns:
            self._begin(CLASS_COLUMNS if is_classification(entry.result) else COUNT_COLUMNS)
        self._print(entry)

    def close(self) -> None:
        if not self._columns:
            self._begin(COUNT_COLUMNS)

    def _begin(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        _print_csv([columns])
        waiting, self._waiting = self._waiting, []
        for entry in waiting:
            self._print(entry)

    def _print(self, entry: Counted) -> None:
        rows = [{"file": entry.name, "object": self._object, "error": entry.error.code}] if (
            entry.error
        ) else list(_csv_rows(entry.name, entry.result or {}, self._object))  # fmt: skip
        _print_csv([[row.get(column, "") for column in self._columns] for row in rows])


def _csv_rows(name: str, result: Mapping[str, Any], object: str | None) -> list[dict[str, Any]]:
    about = {
        "file": name,
        "model": result.get("model"),
        "confidence": result.get("confidence"),
        "warnings": " ".join(warning_codes(result)),
        "total": result.get("count"),
        **dict(zip(("likely_low", "likely_high"), result.get("likely") or (), strict=False)),
    }
    if is_classification(result):
        label, probability = top_class(result)
        return [{**about, "class": label, "probability": probability}]
    counts = result.get("counts") or {result.get("object") or object or "": result.get("count", 0)}
    return [{**about, "object": label, "count": number} for label, number in counts.items()]


def _print_csv(rows: Sequence[Sequence[Any]]) -> None:
    """In one write, so that Ctrl-C leaves whole lines."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    sys.stdout.write(text.getvalue())
    sys.stdout.flush()


class NdjsonWriter:
    """One JSON object a line."""

    def write(self, entry: Counted) -> None:
        print(json.dumps(json_entry(entry), ensure_ascii=False), flush=True)

    def close(self) -> None:
        """Each line is whole by itself."""


class JsonWriter:
    """One document in the shape of the answer of /predict/batch."""

    def __init__(self) -> None:
        self._begun = False

    def write(self, entry: Counted) -> None:
        text = json.dumps(json_entry(entry), indent=2).replace("\n", "\n    ")
        start = ",\n    " if self._begun else '{\n  "results": [\n    '
        self._begun = True
        sys.stdout.write(start + text)
        sys.stdout.flush()

    def close(self) -> None:
        print("\n  ]\n}" if self._begun else '{\n  "results": []\n}', flush=True)


def json_entry(entry: Counted) -> dict[str, Any]:
    if entry.error is None:
        return {"name": entry.name, "result": entry.result}
    detail, fix = error_text(entry.error)
    problem = {"code": entry.error.code, "detail": detail, "fix": fix}
    return {"name": entry.name, "problem": problem}


def is_classification(result: Mapping[str, Any] | None) -> bool:
    return bool(result and result.get("probabilities"))
