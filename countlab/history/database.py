"""The history's database: SQLite by default, PostgreSQL by its URL.

Applies the migrations when it is opened. `recorder` handles a database that is offline.
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
from countlab.history.table import COLUMNS, Count, CountLabel, Row, labels_of
from countlab.settings import Settings
from countlab.system.file_lock import locked
from countlab.system.private_files import make_private_file

_SQLITE_BUSY_MS = 1000  # how long SQLite waits while another process writes
_MIGRATION_LOCK = 6_274_127  # PostgreSQL advisory lock: any number, the same in every process
_POSTGRESQL_TIMEOUT_S = 3
_READER_CONNECTIONS = 2  # one for the reader's thread, one that a cancelled query may still hold


class Database:
    """One SQLAlchemy engine; thread-safe."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Database:
        default = URL.create("sqlite", database=str(settings.home / "history.sqlite"))
        return cls(settings.database_url or default)

    def __init__(self, url: str | URL) -> None:
        self.engine = _create_engine(url)
        # Searches have connections of their own: writing never waits for them.
        self.reader = _create_engine(url, pool_size=_READER_CONNECTIONS, max_overflow=0)
        path = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        self._file = Path(path) if path else None
        self._prepared_file: os.stat_result | None = None
        dialect: Any = sqlite if self._file else postgresql
        self._insert = dialect.insert(Count).on_conflict_do_nothing()
        self._insert_labels = dialect.insert(CountLabel).on_conflict_do_nothing()

    def prepare(self) -> None:
        """Reconnects and applies the migrations; one process at a time."""
        self.close()
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            make_private_file(self._file)  # SQLite gives its other files the same mode
        try:
            with self._migration_lock() as connection:
                config = Config()
                config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as reason:
            raise CountlabError("history_of_another", reason=reason) from reason
        self._prepared_file = self._file.stat() if self._file else None

    def write(self, rows: list[Row]) -> None:
        """Inserts the rows that are not there yet; returns when all are on disk."""
        values = [{name: row.get(name) for name in COLUMNS} for row in rows]
        labels = [
            {"label": label, "count_id": row["id"]} for row in rows for label in labels_of(row)
        ]
        with self.engine.begin() as connection:
            connection.execute(self._insert, values)
            if labels:
                connection.execute(self._insert_labels, labels)
        # A deleted file still accepts rows, which would then be lost.
        prepared = self._prepared_file
        if self._file and prepared and not os.path.samestat(self._file.stat(), prepared):
            raise FileNotFoundError(f"{self._file} was replaced")

    def close(self) -> None:
        self.engine.dispose()
        self.reader.dispose()

    @contextlib.contextmanager
    def _migration_lock(self) -> Iterator[Connection]:
        if self._file is None:
            with self.engine.begin() as connection:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
                connection.execute(text("SET LOCAL statement_timeout = 0"))  # of a large table
                yield connection
            return
        make_private_file(self._file.with_name(self._file.name + ".lock"))
        with locked(self._file.with_name(self._file.name + ".lock")):
            with self.engine.connect() as connection:  # once: the file itself stores the mode
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            with self.engine.begin() as connection:
                yield connection


def _create_engine(address: str | URL, **pool: int) -> Engine:
    try:
        url = make_url(address)
        if url.drivername in ("postgres", "postgresql"):  # as hosting services write it
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
            engine = create_engine(url, **pool)
            event.listen(engine, "connect", _configure_sqlite)
            return engine
        if url.get_backend_name() != "postgresql":
            raise NoSuchModuleError(url.get_backend_name())
        return create_engine(url, connect_args=_postgresql_timeouts(), pool_pre_ping=True, **pool)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as reason:
        raise CountlabError("bad_database_url") from reason  # not shown: may hold a password


def _postgresql_timeouts() -> dict[str, int | str]:
    timeout_s = _POSTGRESQL_TIMEOUT_S
    return {
        "connect_timeout": timeout_s,
        "options": f"-c statement_timeout={timeout_s}s -c lock_timeout={timeout_s}s",
        # A network that drops all packets is noticed after about the same time.
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 2,
        "tcp_user_timeout": timeout_s * 1000,
    }


def _configure_sqlite(connection: Any, _: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY_MS}")
    connection.execute("PRAGMA synchronous=FULL")  # with WAL: on disk when a commit returns
