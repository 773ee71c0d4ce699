"""Queries of the history: filtered pages, newest first, CSV rows, and deletion of old rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Engine, Select, delete, select

from countlab.history.table import COLUMNS, Count, CountLabel, first_id_at
from countlab.history.time_limit import time_limit

_COUNT_COLUMNS = (
    "time", "filename", "count", "likely_low", "likely_high", "counts", "model", "milliseconds",
    "warnings",
)  # fmt: skip
CSV_COLUMNS = _COUNT_COLUMNS + tuple(
    name for name in COLUMNS if name not in {*_COUNT_COLUMNS, "likely", "receipt"}
)
"""First what the tables of the page and the terminal show, in the same order; then the rest."""
_MAX_ROWS = 1000  # per statement, so that other processes can write in between
_QUERY_S = 2.0
_FORMULA_STARTS = ("=", "+", "-", "@")


@dataclass(frozen=True)
class HistoryFilter:
    """Conditions on rows, all of which must hold; None is no condition."""

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    object: str | None = None
    """A label that was requested, or that is among the findings."""
    key_name: str | None = None

    @property
    def id(self) -> Any:
        """The column to search and order by: that of the index that the filter uses."""
        return CountLabel.count_id if self.object else Count.id

    def apply(self, rows: Select[Any]) -> Select[Any]:
        if self.object:
            rows = rows.join(CountLabel, CountLabel.count_id == Count.id)
            rows = rows.where(CountLabel.label == self.object)
        if self.since:
            rows = rows.where(self.id >= first_id_at(self.since))
        if self.until:
            rows = rows.where(self.id < first_id_at(self.until))
        if self.model:
            rows = rows.where(Count.model == self.model)
        if self.key_name:
            rows = rows.where(Count.key_name == self.key_name)
        return rows


def find_page(
    engine: Engine, row_filter: HistoryFilter, *, limit: int, before: str | None = None
) -> list[dict[str, Any]]:
    """The newest `limit` rows older than the row `before`."""
    rows = row_filter.apply(select(*Count.__table__.columns))
    if before:
        rows = rows.where(row_filter.id < before)
    with engine.connect() as connection, time_limit(connection, _QUERY_S):
        page = connection.execute(rows.order_by(row_filter.id.desc()).limit(limit)).all()
    return [dict(zip(COLUMNS, row, strict=True)) for row in page]


def find_pages(engine: Engine, row_filter: HistoryFilter) -> Iterator[list[dict[str, Any]]]:
    """All matching rows in pages, so that an export neither fills memory nor blocks writers."""
    page = find_page(engine, row_filter, limit=_MAX_ROWS)
    while page:
        yield page
        page = find_page(engine, row_filter, limit=_MAX_ROWS, before=page[-1]["id"])


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "time": row["time"].isoformat(), "filename": shown(row["filename"])}


def shown(filename: str | None) -> str | None:
    """With control characters, and those that turn the direction of text, made visible."""
    if filename is None or filename.isprintable():
        return filename
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in filename
    )


def as_csv_row(row: Mapping[str, Any]) -> list[str]:
    """The cells of `CSV_COLUMNS`; dictionaries become `orange 2, apple 1`."""
    low, high = row["likely"] or (None, None)
    values = {**row, "filename": shown(row["filename"]), "likely_low": low, "likely_high": high}
    return [_csv_cell(values[name]) for name in CSV_COLUMNS]


def _csv_cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    if isinstance(value, list):
        return " ".join(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text  # spreadsheets would calculate


def delete_old_rows(engine: Engine, *, days: float | None, rows: int | None) -> int:
    """Deletes rows older than `days`, and the oldest beyond `rows`; returns how many."""
    deleted = 0
    if days is not None:
        oldest = datetime.now(timezone.utc) - timedelta(days=days)
        deleted += _delete(engine, select(Count.id).where(Count.id < first_id_at(oldest)))
    if rows is not None:
        newest_surplus = select(Count.id).order_by(Count.id.desc()).offset(rows).limit(1)
        with engine.connect() as connection:
            row_id = connection.execute(newest_surplus).scalar()
        if row_id is not None:
            deleted += _delete(engine, select(Count.id).where(Count.id <= row_id))
    return deleted


def _delete(engine: Engine, ids: Select[Any]) -> int:
    total = 0
    while True:
        with engine.begin() as connection:
            batch = connection.execute(ids.order_by(Count.id).limit(_MAX_ROWS)).scalars().all()
            connection.execute(delete(CountLabel).where(CountLabel.count_id.in_(batch)))
            deleted = connection.execute(delete(Count).where(Count.id.in_(batch))).rowcount
        total += deleted
        if deleted < _MAX_ROWS:
            return total
