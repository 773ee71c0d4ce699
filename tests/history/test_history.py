"""The history: each row stored once, the journal, cleanup, and failures of the database."""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, select

from countlab.errors import CountlabError
from countlab.history import (
    Count,
    Database,
    History,
    HistoryFilter,
    Row,
    find_page,
    new_row,
    recorder,
)
from countlab.history.journal import Journal
from countlab.history.query import delete_old_rows
from countlab.history.table import Table, first_id_at
from countlab.settings import Settings
from tests.conftest import until


def make_row(**values: Any) -> Row:
    defaults: dict[str, Any] = {
        "request_id": "r", "key_name": None, "picture_sha256": "0" * 64, "model": "fruits",
        "engine": "openvino", "precision": "f32", "parameters": {"confidence": 0.5},
        "object": None, "count": 1, "counts": {"orange": 1}, "milliseconds": {"find": 7.0},
        "warnings": [], "receipt": {},
    }  # fmt: skip
    return new_row(**(defaults | values))


def number_of_rows(history: History) -> int:
    with history.database.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(Count)).scalar_one()


@pytest.fixture
def history(home: Path) -> Iterator[History]:
    history = History(Settings(home=home))
    history.open()
    yield history
    history.close()


def test_migrations_match_the_table(history: History) -> None:
    with history.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_concurrent_rows_share_commits(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[int] = []
    write = history.database.write

    def counting_write(rows: list[Row]) -> None:
        commits.append(len(rows))
        write(rows)

    monkeypatch.setattr(history._to_database, "_write", counting_write)
    threads = [
        threading.Thread(target=lambda: [history.record(make_row()) for _ in range(20)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert number_of_rows(history) == sum(commits) == 160
    assert len(commits) < 120


def test_row_recorded_twice_is_stored_once(history: History) -> None:
    row = make_row()
    assert history.record(row) == history.record(row) == "database"
    assert number_of_rows(history) == 1


def test_locked_database_delays_rows_briefly_and_gets_them_later(
    history: History, home: Path
) -> None:
    other = sqlite3.connect(home / "history.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    assert [history.record(make_row()) for _ in range(3)] == ["journal"] * 3
    assert time.monotonic() - start < 4
    other.execute("ROLLBACK")
    other.close()
    until(lambda: not history.is_offline and number_of_rows(history) == 3)
    assert history.record(make_row()) == "database"
    until(lambda: not list((home / "history.waiting").iterdir()))


def test_removed_database_file_is_noticed_at_the_first_row(history: History, home: Path) -> None:
    history.record(make_row(request_id="before"))
    for file in home.glob("history.sqlite*"):
        file.unlink()
    assert history.record(make_row(request_id="after")) == "journal"
    until(lambda: not history.is_offline and number_of_rows(history) == 1)
    assert find_page(history.database.engine, HistoryFilter(), limit=9)[0]["request_id"] == "after"


def test_journal_of_a_dead_process_is_drained_once_without_torn_lines(
    home: Path,
) -> None:
    rows, folder = [make_row() for _ in range(3)], home / "history.waiting"
    journal = Journal(folder)
    journal.write(rows)
    journal.close()  # as the system closes the files of a killed process
    (file,) = folder.iterdir()
    (folder / "copy.jsonl").write_bytes(file.read_bytes())
    file.write_bytes(file.read_bytes() + b'{"id": "torn')
    history = History(Settings(home=home))
    history.open()
    stored = {row["id"] for row in find_page(history.database.engine, HistoryFilter(), limit=9)}
    history.close()
    assert stored == {row["id"] for row in rows}
    assert not list(folder.iterdir())


def test_journal_locked_by_another_process_is_not_drained(history: History, home: Path) -> None:
    other = Journal(home / "history.waiting")
    other.write([make_row()])
    history._reconnect()
    assert number_of_rows(history) == 0
    other.write([make_row()])
    other.close()
    until(lambda: number_of_rows(history) == 2)


def test_journal_file_that_cannot_be_removed_is_drained_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_unlink(path: Path) -> None:
        raise PermissionError(13, "another program uses the file", path)  # as on Windows

    journal, drained = Journal(home / "waiting"), list[Row]()
    journal.write([make_row(), make_row()])
    monkeypatch.setattr(Path, "unlink", refuse_unlink)
    assert [journal.drain(drained.extend) for _ in range(2)] == [2, 0]
    assert len(drained) == 2


def test_old_rows_are_deleted_by_age_and_by_number(history: History) -> None:
    now = datetime.now(timezone.utc)
    for hours in (0, 12, 30, 70):
        moment = now - timedelta(hours=hours)
        history.record(
            make_row(id=first_id_at(moment) + secrets.token_hex(8), time=moment.isoformat())
        )
    assert delete_old_rows(history.database.engine, days=1, rows=None) == 2
    assert delete_old_rows(history.database.engine, days=None, rows=1) == 1
    assert number_of_rows(history) == 1


def test_old_rows_are_deleted_periodically(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "_CLEANUP_INTERVAL_S", 0.1)
    history = History(Settings(home=home, history_rows=2))
    history.open()
    for _ in range(5):
        history.record(make_row())
    until(lambda: number_of_rows(history) == 2)
    history.close()


def test_moved_clock_deletes_no_rows(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    history = History(Settings(home=home, history_days=30))
    history.open()
    assert history.record(make_row()) == "database"
    year_s = 365 * 86400
    real_time, real_time_ns = time.time, time.time_ns
    for shift_s in (year_s, -year_s):
        monkeypatch.setattr(time, "time", lambda shift_s=shift_s: real_time() + shift_s)
        monkeypatch.setattr(
            time, "time_ns", lambda shift_s=shift_s: real_time_ns() + shift_s * 10**9
        )
        assert history.record(make_row()) == "database"
        with caplog.at_level(logging.WARNING):
            history._clean_up()
    assert "clock was moved" in caplog.text
    ids = [row["id"] for row in find_page(history.database.engine, HistoryFilter(), limit=9)]
    history.close()
    assert len(set(ids)) == 3


def test_database_of_a_newer_version_is_not_written(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database.from_settings(Settings(home=home))
    database.prepare()
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    history = History(Settings(home=home))
    history.open()
    assert history.record(make_row()) == "journal"
    history.close()
    assert "9999" in caplog.text


@pytest.mark.parametrize(
    "url", ["mysql://x", "no address", "postgresql+nodriver://x/y", "sqlite:///:memory:",
                "postgresql://lab:secret@host:port/name"]
)  # fmt: skip
def test_invalid_database_url_is_refused_and_not_shown(home: Path, url: str) -> None:
    with pytest.raises(CountlabError) as refusal:
        History(Settings(home=home, database_url=url))
    assert refusal.value.code == "bad_database_url"
    assert url not in str(refusal.value)


def test_database_url_of_hosting_services_is_accepted() -> None:
    database = Database("postgres://lab:secret@db.example.org/counts")
    assert database.engine.url.drivername == "postgresql+psycopg"
    database.close()
