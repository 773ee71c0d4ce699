"""File names as clients send them, the migration of older rows, and the time limit of a search."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config

from countlab.cli.history_file import newest_rows
from countlab.errors import CountlabError
from countlab.history import (
    CSV_COLUMNS,
    Database,
    HistoryFilter,
    as_csv_row,
    as_json,
    find_page,
    query,
)
from countlab.history.table import COLUMNS
from countlab.settings import Settings
from tests.history.test_history import make_row


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    database = Database.from_settings(Settings(home=home))
    database.prepare()
    yield database
    database.close()


@pytest.mark.parametrize(
    ("sent", "shown", "in_csv"),
    [
        ("oranges 2.jpg", "oranges 2.jpg", "oranges 2.jpg"),
        ("../../etc/passwd", "../../etc/passwd", "../../etc/passwd"),
        ("a\0b\x1b[31m\n", "a\\0b\\x1b[31m\\n", "a\\0b\\x1b[31m\\n"),
        ("\u202egpj.exe", "\\u202egpj.exe", "\\u202egpj.exe"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("half \ud800", "half ?", "half ?"),
        ("🍊" * 500, "🍊" * 255, "🍊" * 255),
        (None, None, ""),
    ],
)
def test_file_name_is_kept_as_bounded_harmless_text(
    database: Database, sent: str | None, shown: str | None, in_csv: str
) -> None:
    database.write([make_row(filename=sent)])
    (row,) = find_page(database.reader, HistoryFilter(), limit=9)
    assert as_json(row)["filename"] == shown
    assert csv_cells(row)["filename"] == in_csv


def csv_cells(row: dict[str, Any]) -> dict[str, str]:
    return dict(zip(CSV_COLUMNS, as_csv_row(row), strict=True))


@pytest.mark.parametrize(("likely", "low", "high"), [([3, 5], "3", "5"), (None, "", "")])
def test_likely_range_is_kept_and_exported(
    database: Database, likely: list[int] | None, low: str, high: str
) -> None:
    database.write([make_row(likely=likely)])
    (row,) = find_page(database.reader, HistoryFilter(), limit=9)
    assert as_json(row)["likely"] == likely
    assert (csv_cells(row)["likely_low"], csv_cells(row)["likely_high"]) == (low, high)
    with database.reader.connect() as connection:  # not the word null of JSON
        nulls = connection.exec_driver_sql("SELECT count(*) FROM counts WHERE likely IS NULL")
        assert nulls.scalar() == (likely is None)


@pytest.mark.parametrize("name", ["request_id", "key_name", "object", "model"])
def test_no_cell_of_the_export_is_a_formula(database: Database, name: str) -> None:
    database.write([make_row(**{name: "=1+1"})])
    (row,) = find_page(database.reader, HistoryFilter(), limit=9)
    assert csv_cells(row)[name] == "'=1+1"


def test_rows_of_the_first_revision_are_found_by_every_filter(home: Path) -> None:
    home.mkdir()
    file = home / "history.sqlite"
    old = Database.from_settings(Settings(home=home))
    with old._migration_lock() as connection:
        config = Config()
        folder = Path(query.__file__).parent / "migrations"
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    later = "filename", "mean_confidence", "likely"
    names = [name for name in COLUMNS if name not in later]
    with sqlite3.connect(file) as connection_:
        connection_.execute(
            f"INSERT INTO counts ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            [{"time": "2026-01-01 00:00:00", "counts": '{"lemon": 2}', "object": "apple",
              "count": 2, "id": "0" * 32, "key_name": "anna", "model": "fruits"}.get(name, "{}")
             for name in names],
        )  # fmt: skip
    connection_.close()
    (listed,) = newest_rows(file, 9)  # before anybody brought the file up to date
    old.prepare()
    assert newest_rows(file, 9) == [{**listed, **dict.fromkeys(later)}]
    for wanted in ({"object": "lemon"}, {"object": "apple"}, {"key_name": "anna"},
                   {"model": "fruits"}):  # fmt: skip
        assert len(find_page(old.reader, HistoryFilter(**wanted), limit=9)) == 1, wanted  # type: ignore[arg-type]
    assert not find_page(old.reader, HistoryFilter(object="orange"), limit=9)
    old.close()


def test_search_that_takes_too_long_ends_with_its_own_error(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.write([make_row() for _ in range(20_000)])
    monkeypatch.setattr(query, "_QUERY_S", 0.0)
    with pytest.raises(CountlabError) as caught:
        find_page(database.reader, HistoryFilter(), limit=20_000)
    assert caught.value.code == "history_slow"
    monkeypatch.undo()
    assert len(find_page(database.reader, HistoryFilter(), limit=5)) == 5


@pytest.mark.parametrize("wanted", [{"model": "m"}, {"key_name": "k"}, {"object": "o"}])
def test_each_filter_searches_an_index(database: Database, wanted: dict[str, str]) -> None:
    from sqlalchemy import select

    from countlab.history import Count

    row_filter = HistoryFilter(**wanted)  # type: ignore[arg-type]
    rows = row_filter.apply(select(Count.id)).order_by(row_filter.id.desc()).limit(9)
    with database.reader.connect() as connection:
        text = rows.compile(connection, compile_kwargs={"literal_binds": True})
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    steps = [step[-1] for step in plan]
    assert any("INDEX" in step or "PRIMARY KEY" in step for step in steps), steps
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in steps), steps
