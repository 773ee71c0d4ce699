"""What was counted, kept: a row for each picture, on disk before its answer leaves."""

from countlab.history.database import Database
from countlab.history.query import CELLS, HistoryFilter, as_cells, as_json, find_page, find_pages
from countlab.history.recorder import History, StoredIn
from countlab.history.table import Count, Row, new_row

__all__ = [
    "CELLS",
    "Count",
    "Database",
    "History",
    "HistoryFilter",
    "Row",
    "StoredIn",
    "as_cells",
    "as_json",
    "find_page",
    "find_pages",
    "new_row",
]
