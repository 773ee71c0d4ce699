"""The database behind the history: SQLite out of the box, PostgreSQL by its address.

Brings the tables up to date when it is opened. What to do when it is away is `keeping`'s business.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from countlab.errors import CountlabError
from countlab.history.table import Count, Row
from countlab.settings import Settings
from countlab.system.file_lock import locked

_BUSY_MS = 1000  # how long SQLite waits for another process that writes
_MIGRATING = 6_274_127  # the name of PostgreSQL's lock: any number, the same in every process
_PATIENT_S = 3


class Database:
    """One engine; safe to use from any number of threads."""

    @classmethod
    def of(cls, settings: Settings) -> Database:
        file = URL.create("sqlite", database=str(settings.home / "history.sqlite"))
        return cls(settings.database_url or file)

    def __init__(self, address: str | URL) -> None:
        self.engine = _engine(address)
        path = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        self._file = Path(path) if path else None
        self._opened: os.stat_result | None = None
        dialect: Any = sqlite if self._file else postgresql
        self._insert = dialect.insert(Count).on_conflict_do_nothing()

    def prepare(self) -> None:
        """Connects anew and brings the tables up to date; processes that start at once wait."""
        self.engine.dispose()
        try:
            with self._alone() as connection:
                config = Config()
                config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as reason:
            raise CountlabError("history_of_another", reason=reason) from reason
        self._opened = self._file.stat() if self._file else None

    def write(self, rows: list[Row]) -> None:
        """All of them, each once however often it is written; returns when they are on disk."""
        with self.engine.begin() as connection:
            connection.execute(self._insert, rows)
        # A file that was removed takes rows as before, and nobody would ever see them again.
        if self._file and self._opened and not os.path.samestat(self._file.stat(), self._opened):
            raise FileNotFoundError(f"{self._file} was replaced")

    def close(self) -> None:
        self.engine.dispose()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[Connection]:
        if self._file is None:
            with self.engine.begin() as connection:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATING})"))
                yield connection
            return
        with locked(self._file.with_name(self._file.name + ".lock")):
            with self.engine.connect() as connection:  # stays on in the file, for every process
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            with self.engine.begin() as connection:
                yield connection


def _engine(address: str | URL) -> Engine:
    try:
        url = make_url(address)
        if url.drivername in ("postgres", "postgresql"):  # as hosting services write it
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
            engine = create_engine(url)
            event.listen(engine, "connect", _set_up_sqlite)
            return engine
        if url.get_backend_name() != "postgresql":
            raise NoSuchModuleError(url.get_backend_name())
        patience = f"-c statement_timeout={_PATIENT_S}s -c lock_timeout={_PATIENT_S}s"
        # A network that swallows everything is noticed too, after about as long.
        dead = {"keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": 2}
        dead["tcp_user_timeout"] = _PATIENT_S * 1000
        known = {"connect_timeout": _PATIENT_S, "options": patience, **dead}
        return create_engine(url, connect_args=known, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as reason:
        raise CountlabError("bad_database_url") from reason  # it may hold a password: not shown


def _set_up_sqlite(connection: Any, _: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute("PRAGMA synchronous=FULL")  # in WAL mode: on disk when a commit returns
