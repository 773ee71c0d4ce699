"""What was counted, kept: a row for each picture, on disk before its answer leaves."""

from countlab.history.database import Database
from countlab.history.keeping import History, Where
from countlab.history.rows import Count, Row, new_row
from countlab.history.search import CELLS, Wanted, as_cells, as_json, find_page, find_pages

__all__ = [
    "CELLS",
    "Count",
    "Database",
    "History",
    "Row",
    "Wanted",
    "Where",
    "as_cells",
    "as_json",
    "find_page",
    "find_pages",
    "new_row",
]
