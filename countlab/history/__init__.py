"""The history: one database row per counted picture, on disk before its response is sent."""

from countlab.history.database import Database
from countlab.history.query import (
    CSV_COLUMNS,
    HistoryFilter,
    as_csv_row,
    as_json,
    find_page,
    find_pages,
)
from countlab.history.recorder import History, StoredIn
from countlab.history.table import Count, Row, new_row

__all__ = [
    "CSV_COLUMNS",
    "Count",
    "Database",
    "History",
    "HistoryFilter",
    "Row",
    "StoredIn",
    "as_csv_row",
    "as_json",
    "find_page",
    "find_pages",
    "new_row",
]
