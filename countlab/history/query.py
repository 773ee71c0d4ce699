"""Finding rows again: newest first, a page at a time; and letting go of the old ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import Engine, Select, delete, or_, select

from countlab.history.table import COLUMNS, Count, first_id_at

CELLS = tuple(name for name in COLUMNS if name != "receipt")
"""The columns of an export as CSV."""
_AT_ONCE = 1000  # rows in one statement: other processes write in between


@dataclass(frozen=True)
class HistoryFilter:
    """Which rows; what is left out does not matter."""

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    object: str | None = None
    """A label that was asked for, or that was among the findings."""
    key_name: str | None = None

    def among(self, rows: Select[Any]) -> Select[Any]:
        if self.since:
            rows = rows.where(Count.id >= first_id_at(self.since))
        if self.until:
            rows = rows.where(Count.id < first_id_at(self.until))
        if self.model:
            rows = rows.where(Count.model == self.model)
        if self.object:
            found = Count.counts[self.object].as_integer() > 0
            rows = rows.where(or_(Count.object == self.object, found))
        if self.key_name:
            rows = rows.where(Count.key_name == self.key_name)
        return rows


def find_page(
    engine: Engine, wanted: HistoryFilter, *, limit: int, before: str | None = None
) -> list[dict[str, Any]]:
    """The newest `limit` rows older than the row `before`."""
    rows = wanted.among(select(*Count.__table__.columns))
    if before:
        rows = rows.where(Count.id < before)
    with engine.connect() as connection:
        found = connection.execute(rows.order_by(Count.id.desc()).limit(limit)).all()
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def find_pages(engine: Engine, wanted: HistoryFilter) -> Iterator[list[dict[str, Any]]]:
    """Everything, in pages, so that an export neither fills the memory nor holds others up."""
    page = find_page(engine, wanted, limit=_AT_ONCE)
    while page:
        yield page
        page = find_page(engine, wanted, limit=_AT_ONCE, before=page[-1]["id"])


def as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "time": row["time"].isoformat()}


def as_cells(row: Mapping[str, Any]) -> list[str]:
    """A row of an export: `counts` reads `orange 2, apple 1`, the parameters likewise."""
    return [_cell(row[name]) for name in CELLS]


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)


def delete_old_rows(engine: Engine, *, days: float | None, rows: int | None) -> int:
    """Deletes what is older than `days`, and the oldest beyond `rows`; tells how many."""
    gone = 0
    if days is not None:
        limit = datetime.now(timezone.utc) - timedelta(days=days)
        gone += _delete(engine, select(Count.id).where(Count.id < first_id_at(limit)))
    if rows is not None:
        newest_beyond = select(Count.id).order_by(Count.id.desc()).offset(rows).limit(1)
        with engine.connect() as connection:
            name = connection.execute(newest_beyond).scalar()
        if name is not None:
            gone += _delete(engine, select(Count.id).where(Count.id <= name))
    return gone


def _delete(engine: Engine, doomed: Select[Any]) -> int:
    gone = 0
    while True:
        with engine.begin() as connection:
            some = doomed.order_by(Count.id).limit(_AT_ONCE)
            done = connection.execute(delete(Count).where(Count.id.in_(some))).rowcount
        gone += done
        if done < _AT_ONCE:
            return gone
