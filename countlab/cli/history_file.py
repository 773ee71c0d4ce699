"""The newest rows of the history's SQLite file, read as it is: no migration and no SQLAlchemy.

The server owns the file and migrates it. Searching it is `countlab.history`, whose libraries take
ten times as long to load as this listing takes.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError

_JSON_COLUMNS = ("counts", "milliseconds", "warnings", "likely")
_BUSY_S = 1.0


def newest_rows(path: Path, limit: int) -> list[dict[str, Any]]:
    """With the members of the table's columns; none where nothing was recorded yet."""
    if not path.is_file():
        return []
    try:
        with closing(_open(path)) as connection:
            rows = connection.execute("SELECT * FROM counts ORDER BY id DESC LIMIT ?", [limit])
            return [_row(row) for row in rows]
    except sqlite3.Error as reason:
        if "no such table" in str(reason):  # made, but nothing was recorded yet
            return []
        raise CountlabError("history_away") from reason


def _open(path: Path) -> sqlite3.Connection:
    """Read-only; in a folder that cannot be written nobody else writes to the file either."""
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=_BUSY_S)
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
    except sqlite3.OperationalError:
        connection.close()
        connection = sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


def _row(stored: sqlite3.Row) -> dict[str, Any]:
    row = dict(stored)
    for name in _JSON_COLUMNS:
        row[name] = json.loads(row.get(name) or "null")  # an older file lacks a column
    row["time"] = datetime.fromisoformat(row["time"]).replace(tzinfo=timezone.utc)
    return row
