"""The table of counted pictures, the same in SQLite and PostgreSQL.

A changed column needs a migration in `migrations/versions`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Double, Index, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Row = Mapping[str, Any]
"""The values by column name; all of them JSON, so that the journal can store them."""


class Utc(TypeDecorator[datetime]):
    """A UTC timestamp in every database; SQLite itself has no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment and moment.astimezone(timezone.utc)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        if value is None or value.tzinfo is None:
            return value and value.replace(tzinfo=timezone.utc)
        return value.astimezone(timezone.utc)


class Table(DeclarativeBase):
    """Declarative base; a test compares its metadata with the migrated database."""


class Count(Table):
    """One picture that was counted."""

    __tablename__ = "counts"
    __table_args__ = (
        Index("counts_by_model", "model", "id"),
        Index("counts_by_key", "key_name", "id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    time: Mapped[datetime] = mapped_column(Utc)
    request_id: Mapped[str | None] = mapped_column(Text)
    key_name: Mapped[str | None] = mapped_column(Text)
    picture_sha256: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    engine: Mapped[str] = mapped_column(Text)
    precision: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    object: Mapped[str | None] = mapped_column(Text)
    count: Mapped[int]
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    milliseconds: Mapped[dict[str, float]] = mapped_column(JSON)
    warnings: Mapped[list[str]] = mapped_column(JSON)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSON)
    filename: Mapped[str | None] = mapped_column(Text)
    """As the client called it: text, never a path here."""
    mean_confidence: Mapped[float | None] = mapped_column(Double)
    """Of the findings; None where there were none, and in rows older than this column."""
    likely: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """The true count lies between these two nine times in ten; None where nobody measured it, and
    in rows older than this column."""


class CountLabel(Table):
    """The labels that a picture was asked for or found to show: what `object=` searches."""

    __tablename__ = "count_labels"
    __table_args__ = (
        Index("count_labels_by_count", "count_id"),  # for the deletion of old rows
        {"sqlite_with_rowid": False},
    )

    label: Mapped[str] = mapped_column(Text, primary_key=True)
    count_id: Mapped[str] = mapped_column(Text, primary_key=True)


_MAX_FILENAME_CHARACTERS = 255
_MAX_NANOSECONDS = 2**64 - 1  # ids have 16 hex digits for the time: enough until 2554
COLUMNS = tuple(column.name for column in Count.__table__.columns)


def new_row(*, filename: str | None = None, **values: Any) -> Row:
    """A row with a unique id that sorts by time."""
    nanoseconds = time.time_ns()
    moment = datetime.fromtimestamp(nanoseconds / 1e9, timezone.utc)
    return {
        "id": f"{nanoseconds:016x}{secrets.token_hex(8)}",
        "time": moment.isoformat(timespec="microseconds"),
        "filename": filename and _storable(filename[:_MAX_FILENAME_CHARACTERS]),
        **values,
    }


def labels_of(row: Row) -> set[str]:
    """Under which labels the row is found."""
    labels = {label for label, number in row["counts"].items() if number}
    return labels | ({row["object"]} if row["object"] else set())


def _storable(text: str) -> str:
    """PostgreSQL takes no NUL, and no database half of a surrogate pair."""
    return text.replace("\0", "\\0").encode("utf-8", "replace").decode()


def first_id_at(moment: datetime) -> str:
    """The lower bound of the ids of rows from this moment on.

    Pages and time ranges are found by the id alone: one index, which makes commits cheaper.
    """
    nanoseconds = round(moment.timestamp() * 1e9)
    return f"{min(max(0, nanoseconds), _MAX_NANOSECONDS):016x}"
