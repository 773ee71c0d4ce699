"""Keeps rows whatever happens to the database: they wait on local disk until it is back.

No request fails because of the history. A row that fits nowhere (database and disk are both
gone) is told to the one who asked, and counted.
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
from countlab.history.table import Row
from countlab.settings import Settings

_PATIENCE_S = 2.0  # a database that needs longer is treated as gone
_LOOK_EVERY_S = 0.5
_LET_GO_EVERY_S = 60.0
_CLOCK_MAY_DRIFT_S = 3600.0

StoredIn = Literal["database", "journal", "nowhere"]
_GONE = (SQLAlchemyError, OSError, CountlabError)

log = logging.getLogger("countlab.history")


class History:
    """`keep(row)` returns when the row is safe; works from `open()` to `close()`, and again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.database = Database.of(settings)
        self.journal = Journal(settings.home / "history.waiting")
        self._away = threading.Event()
        self._clock = _Clock()

    @property
    def away(self) -> bool:
        return self._away.is_set()

    def open(self) -> None:
        """A database that is not there yet is no reason not to serve."""
        self._to_database = GroupCommit(self.database.write, "history")
        self._to_journal = GroupCommit(self.journal.write, "history journal")
        try:
            self.database.prepare()
        except _GONE as reason:
            self._is_away(reason)
        self._bring_back()
        self._closing = threading.Event()
        self._caretaker = threading.Thread(
            target=self._take_care, args=[self._closing], name="history care", daemon=True
        )
        self._caretaker.start()

    def keep(self, row: Row) -> StoredIn:
        """Returns when the row is on disk, in the database or beside it, or cannot be."""
        if not self.away and self._safe(self._to_database, row):
            return "database"
        return "journal" if self._safe(self._to_journal, row) else "nowhere"

    def close(self) -> None:
        """Everything that was handed over is written; the rest of the journal waits for a start."""
        self._closing.set()
        self._caretaker.join(_PATIENCE_S)
        self._to_database.close()
        self._to_journal.close()
        self.journal.close()
        self.database.close()

    def _safe(self, commits: GroupCommit, row: Row) -> bool:
        try:
            commits.put(row).result(timeout=_PATIENCE_S)
        except Exception as reason:
            if commits is self._to_database:
                self._is_away(reason)
            return False
        return True

    def _is_away(self, reason: Exception) -> None:
        if not self.away:
            self._away.set()
            log.warning("history database away: rows wait on disk (%s)", _brief(reason))

    def _take_care(self, closing: threading.Event) -> None:
        last = time.monotonic()
        while not closing.wait(_LOOK_EVERY_S):
            self._bring_back()
            if not self.away and time.monotonic() - last > _LET_GO_EVERY_S:
                last = time.monotonic()
                self._let_go()

    def _bring_back(self) -> None:
        """Connects to a database that was away, and writes what waits for it."""
        try:
            if self.away:
                self.database.prepare()
                self._away.clear()
            if moved := self.journal.bring_in(self.database.write):
                log.warning("history database back: %d rows that had waited are in it", moved)
        except _GONE as reason:
            self._is_away(reason)

    def _let_go(self) -> None:
        if self._clock.jumped():
            log.warning("the clock was moved: no old rows are deleted until a restart")
            return
        settings = self._settings
        try:
            gone = delete_old_rows(
                self.database.engine, days=settings.history_days, rows=settings.history_rows
            )
        except _GONE as reason:
            log.warning("old rows could not be deleted (%s)", _brief(reason))
        else:
            if gone:
                log.info("%d old rows deleted", gone)


class _Clock:
    """A clock set wrong must not make every row look old."""

    def __init__(self) -> None:
        self._apart = time.time() - time.monotonic()

    def jumped(self) -> bool:
        return abs(time.time() - time.monotonic() - self._apart) > _CLOCK_MAY_DRIFT_S


def _brief(reason: BaseException) -> str:
    """Without the statement and the rows that SQLAlchemy prints: logs hold no names of keys."""
    cause = getattr(reason, "orig", None) or reason
    return f"{type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else ''}"
