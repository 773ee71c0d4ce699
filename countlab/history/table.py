"""A counted picture as a row: one table, the same in SQLite and in PostgreSQL.

Changing a column here asks for a migration in `migrations/versions`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Row = Mapping[str, Any]
"""The columns' values by name, all of them JSON, so that a row can wait in a file."""


class Utc(TypeDecorator[datetime]):
    """A moment that is UTC in every database; SQLite itself knows no time zones."""

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
    """What the migrations compare the database with."""


class Count(Table):
    """One picture that was counted."""

    __tablename__ = "counts"

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


_LAST = 2**64 - 1  # in the year 2554 names have no more room
COLUMNS = tuple(column.name for column in Count.__table__.columns)


def new_row(**values: Any) -> Row:
    """With a name that no other row has."""
    nanoseconds = time.time_ns()
    moment = datetime.fromtimestamp(nanoseconds / 1e9, timezone.utc)
    return {
        "id": f"{nanoseconds:016x}{secrets.token_hex(8)}",
        "time": moment.isoformat(timespec="microseconds"),
        **values,
    }


def first_id_at(moment: datetime) -> str:
    """The rows of this moment and later have names from here on.

    So the names alone find a page and a stretch of time: one index, a cheaper commit.
    """
    nanoseconds = round(moment.timestamp() * 1e9)
    return f"{min(max(0, nanoseconds), _LAST):016x}"
