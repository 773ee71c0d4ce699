"""A time limit for one query: a search that would read the whole table ends early."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from countlab.errors import CountlabError

_SQLITE_STEPS = 20_000  # of its virtual machine between two looks at the clock: about a millisecond
_CANCELLED = "interrupted", "statement timeout"  # SQLite, PostgreSQL


@contextlib.contextmanager
def time_limit(connection: Connection, seconds: float) -> Iterator[None]:
    """Raises `history_slow` where the block's query takes longer."""
    end = time.monotonic() + seconds
    raw = connection.connection.driver_connection
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        assert raw is not None
        raw.set_progress_handler(lambda: time.monotonic() > end, _SQLITE_STEPS)
    else:
        connection.execute(text(f"SET LOCAL statement_timeout = {round(seconds * 1000)}"))
    try:
        yield
    except DBAPIError as error:
        if any(words in str(error.orig) for words in _CANCELLED):
            raise CountlabError("history_slow", seconds=seconds, retry_after_s=10) from error
        raise
    finally:
        if is_sqlite and raw is not None:
            raw.set_progress_handler(None, 0)
