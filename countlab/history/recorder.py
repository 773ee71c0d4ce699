"""The history's recorder: rows go to the database, or to the journal while it is offline.

No request fails because of the history. A row that can be stored in neither is reported to the
client and counted in the metrics.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from countlab.errors import CountlabError
from countlab.history.database import Database
from countlab.history.group_commit import GroupCommit
from countlab.history.journal import Journal
from countlab.history.query import delete_old_rows
from countlab.history.readers import Readers
from countlab.history.table import Row
from countlab.settings import Settings

_WRITE_TIMEOUT_S = 2.0  # a database that takes longer is treated as offline
_RECONNECT_INTERVAL_S = 0.5
_CLEANUP_INTERVAL_S = 60.0
_MAX_CLOCK_DRIFT_S = 3600.0

StoredIn = Literal["database", "journal", "nowhere"]
_DATABASE_ERRORS = (SQLAlchemyError, OSError, CountlabError)

log = logging.getLogger("countlab.history")


class History:
    """`record(row)` returns when the row is stored; can be opened again after `close()`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.database = Database.from_settings(settings)
        self.journal = Journal(settings.home / "history.waiting")
        self.readers = Readers()
        self._offline = threading.Event()
        self._journal_works: bool | None = None  # unknown until it is needed
        self._clock = _Clock()

    @property
    def is_offline(self) -> bool:
        return self._offline.is_set()

    @property
    def away_error(self) -> CountlabError:
        """What a search hears while the database is offline."""
        code = "history_lost" if self._journal_works is False else "history_away"
        return CountlabError(code, retry_after_s=10)

    def open(self) -> None:
        """Opens the history, also while the database is offline."""
        self.readers = Readers()
        self._to_database = GroupCommit(self.database.write, "history")
        self._to_journal = GroupCommit(self.journal.write, "history journal")
        try:
            self.database.prepare()
        except _DATABASE_ERRORS as error:
            self._set_offline(error)
        self._reconnect()
        self._closing = threading.Event()
        self._maintenance = threading.Thread(
            target=self._maintain, args=[self._closing], name="history maintenance", daemon=True
        )
        self._maintenance.start()

    def record(self, row: Row) -> StoredIn:
        """Returns when the row is on disk, in the database or the journal, or cannot be."""
        if not self.is_offline and self._commit(self._to_database, row):
            return "database"
        is_in_journal = self._commit(self._to_journal, row)
        self._tell_where_rows_go(is_in_journal)
        return "journal" if is_in_journal else "nowhere"

    def close(self) -> None:
        """Writes all recorded rows; rows in the journal stay there until the next start."""
        self._closing.set()
        self.readers.close()
        self._maintenance.join(_WRITE_TIMEOUT_S)
        self._to_database.close()
        self._to_journal.close()
        self.journal.close()
        self.database.close()

    def _commit(self, target: GroupCommit, row: Row) -> bool:
        try:
            target.put(row).result(timeout=_WRITE_TIMEOUT_S)
        except Exception as error:
            if target is self._to_database:
                self._set_offline(error)
            return False
        return True

    def _set_offline(self, error: Exception) -> None:
        if not self.is_offline:
            self._offline.set()
            log.warning("history database away (%s)", _summary(error))

    def _tell_where_rows_go(self, is_in_journal: bool) -> None:
        if is_in_journal is self._journal_works:
            return
        self._journal_works = is_in_journal
        if is_in_journal:
            log.warning("rows of the history wait on disk until its database is back")
        else:
            log.error("rows of the history are lost: neither its database nor the disk takes them")

    def _maintain(self, closing: threading.Event) -> None:
        last_cleanup = time.monotonic()
        while not closing.wait(_RECONNECT_INTERVAL_S):
            self._reconnect()
            if not self.is_offline and time.monotonic() - last_cleanup > _CLEANUP_INTERVAL_S:
                last_cleanup = time.monotonic()
                self._clean_up()

    def _reconnect(self) -> None:
        """Connects to a database that was offline, and drains the journal into it."""
        try:
            if self.is_offline:
                self.database.prepare()
                self._offline.clear()
                self._journal_works = None
            if moved := self.journal.drain(self.database.write):
                log.warning("history database back: %d rows that had waited are in it", moved)
        except _DATABASE_ERRORS as error:
            self._set_offline(error)

    def _clean_up(self) -> None:
        if self._clock.has_jumped():
            log.warning("the clock was moved: no old rows are deleted until a restart")
            return
        settings = self._settings
        try:
            deleted = delete_old_rows(
                self.database.engine, days=settings.history_days, rows=settings.history_rows
            )
        except _DATABASE_ERRORS as error:
            log.warning("old rows could not be deleted (%s)", _summary(error))
        else:
            if deleted:
                log.info("%d old rows deleted", deleted)


class _Clock:
    """Detects a changed wall clock, which would make every row look old."""

    def __init__(self) -> None:
        self._offset_s = time.time() - time.monotonic()

    def has_jumped(self) -> bool:
        return abs(time.time() - time.monotonic() - self._offset_s) > _MAX_CLOCK_DRIFT_S


def _summary(error: BaseException) -> str:
    """Without the SQL and its values, which SQLAlchemy appends: logs hold no names of keys."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else ''}"
