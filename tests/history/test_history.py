"""What was counted is kept: each row once, found again, let go; whatever breaks."""

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
from countlab.history import Count, Database, History, HistoryFilter, Row, find_page, new_row
from countlab.history import recorder as recorder_module
from countlab.history.journal import Journal
from countlab.history.query import delete_old_rows
from countlab.history.table import Table, first_id_at
from countlab.settings import Settings
from tests.conftest import until


def a_row(**values: Any) -> Row:
    usual: dict[str, Any] = {
        "request_id": "r", "key_name": None, "picture_sha256": "0" * 64, "model": "fruits",
        "engine": "openvino", "precision": "f32", "parameters": {"confidence": 0.5},
        "object": None, "count": 1, "counts": {"orange": 1}, "milliseconds": {"find": 7.0},
        "warnings": [], "receipt": {},
    }  # fmt: skip
    return new_row(**(usual | values))


def number_of_rows(history: History) -> int:
    with history.database.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(Count)).scalar_one()


@pytest.fixture
def history(home: Path) -> Iterator[History]:
    opened = History(Settings(home=home))
    opened.open()
    yield opened
    opened.close()


def test_the_migrations_make_what_the_models_say(history: History) -> None:
    with history.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


def test_many_at_once_share_their_commits(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    write = history.database.write

    def counting(rows: list[Row]) -> None:
        commits.append(len(rows))
        write(rows)

    monkeypatch.setattr(history._to_database, "_write", counting)
    threads = [
        threading.Thread(target=lambda: [history.keep(a_row()) for _ in range(20)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert number_of_rows(history) == sum(commits) == 160
    assert len(commits) < 120


def test_a_row_written_twice_is_there_once(history: History) -> None:
    row = a_row()
    assert history.keep(row) == history.keep(row) == "database"
    assert number_of_rows(history) == 1


def test_a_locked_database_delays_nobody_for_long_and_gets_its_rows_later(
    history: History, home: Path
) -> None:
    other = sqlite3.connect(home / "history.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    assert [history.keep(a_row()) for _ in range(3)] == ["journal"] * 3
    assert time.monotonic() - start < 4
    other.execute("ROLLBACK")
    other.close()
    until(lambda: not history.away and number_of_rows(history) == 3)
    assert history.keep(a_row()) == "database"
    until(lambda: not list((home / "history.waiting").iterdir()))


def test_a_database_file_that_was_removed_is_noticed_with_the_first_row(
    history: History, home: Path
) -> None:
    history.keep(a_row(request_id="before"))
    for file in home.glob("history.sqlite*"):
        file.unlink()
    assert history.keep(a_row(request_id="after")) == "journal"
    until(lambda: not history.away and number_of_rows(history) == 1)
    assert find_page(history.database.engine, HistoryFilter(), limit=9)[0]["request_id"] == "after"


def test_rows_of_a_process_that_died_are_brought_in_once_and_torn_lines_are_not(
    home: Path,
) -> None:
    rows, folder = [a_row() for _ in range(3)], home / "history.waiting"
    died = Journal(folder)
    died.write(rows)
    died.close()  # as the system closes the files of a process that was killed
    (file,) = folder.iterdir()
    (folder / "copy.jsonl").write_bytes(file.read_bytes())
    file.write_bytes(file.read_bytes() + b'{"id": "torn')
    history = History(Settings(home=home))
    history.open()
    found = {row["id"] for row in find_page(history.database.engine, HistoryFilter(), limit=9)}
    history.close()
    assert found == {row["id"] for row in rows}
    assert not list(folder.iterdir())


def test_a_journal_that_another_process_writes_to_is_left_alone(
    history: History, home: Path
) -> None:
    other = Journal(home / "history.waiting")
    other.write([a_row()])
    history._bring_back()
    assert number_of_rows(history) == 0
    other.write([a_row()])
    other.close()
    until(lambda: number_of_rows(history) == 2)


def test_where_an_open_file_cannot_be_removed_its_rows_come_in_once_all_the_same(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "another program uses the file", path)  # as Windows says it

    journal, brought = Journal(home / "waiting"), list[Row]()
    journal.write([a_row(), a_row()])
    monkeypatch.setattr(Path, "unlink", refuse)
    assert [journal.bring_in(brought.extend) for _ in range(2)] == [2, 0]
    assert len(brought) == 2


def test_old_rows_are_let_go_by_age_and_by_number(history: History) -> None:
    now = datetime.now(timezone.utc)
    for hours in (0, 12, 30, 70):
        moment = now - timedelta(hours=hours)
        history.keep(a_row(id=first_id_at(moment) + secrets.token_hex(8), time=moment.isoformat()))
    assert delete_old_rows(history.database.engine, days=1, rows=None) == 2
    assert delete_old_rows(history.database.engine, days=None, rows=1) == 1
    assert number_of_rows(history) == 1


def test_letting_go_happens_by_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "_LET_GO_EVERY_S", 0.1)
    history = History(Settings(home=home, history_rows=2))
    history.open()
    for _ in range(5):
        history.keep(a_row())
    until(lambda: number_of_rows(history) == 2)
    history.close()


def test_a_clock_that_was_moved_makes_no_row_look_old(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    history = History(Settings(home=home, history_days=30))
    history.open()
    assert history.keep(a_row()) == "database"
    year = 365 * 86400
    real, real_ns = time.time, time.time_ns
    for shift in (year, -year):
        monkeypatch.setattr(time, "time", lambda shift=shift: real() + shift)
        monkeypatch.setattr(time, "time_ns", lambda shift=shift: real_ns() + shift * 10**9)
        assert history.keep(a_row()) == "database"
        with caplog.at_level(logging.WARNING):
            history._let_go()
    assert "clock was moved" in caplog.text
    ids = [row["id"] for row in find_page(history.database.engine, HistoryFilter(), limit=9)]
    history.close()
    assert len(set(ids)) == 3


def test_a_database_of_a_newer_version_is_left_alone_and_rows_wait(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database.of(Settings(home=home))
    database.prepare()
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    history = History(Settings(home=home))
    history.open()
    assert history.keep(a_row()) == "journal"
    history.close()
    assert "9999" in caplog.text


@pytest.mark.parametrize(
    "address", ["mysql://x", "no address", "postgresql+nodriver://x/y", "sqlite:///:memory:",
                "postgresql://lab:secret@host:port/name"]
)  # fmt: skip
def test_an_address_that_is_no_database_is_told_without_repeating_it(
    home: Path, address: str
) -> None:
    with pytest.raises(CountlabError) as refused:
        History(Settings(home=home, database_url=address))
    assert refused.value.code == "bad_database_url"
    assert address not in str(refused.value)


def test_an_address_as_hosting_services_write_it_is_understood() -> None:
    database = Database("postgres://lab:secret@db.example.org/counts")
    assert database.engine.url.drivername == "postgresql+psycopg"
    database.close()
