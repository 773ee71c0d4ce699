"""Listing the history: the newest rows from its file, or a search through `countlab.history`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from countlab.cli.columns import count_cells, history_table
from countlab.cli.formats import Format
from countlab.cli.history_file import newest_rows
from countlab.cli.label_names import label_meant
from countlab.cli.terminal import note
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.settings import Settings

DEFAULT_ROWS = 20
_SHORT_HASH = 12  # of a picture that came without a name
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Search:
    """Conditions on rows, all of which must hold; None is no condition."""

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    object: str | None = None
    key: str | None = None


def list_history(
    search: Search | None = None, *, limit: int = DEFAULT_ROWS, format: Format = Format.table
) -> None:
    """The newest `limit` rows; CSV has all of them."""
    settings, search = Settings.from_environment(), search or Search()
    if format is Format.table and search == Search() and settings.database_url is None:
        _print_table(newest_rows(settings.home / "history.sqlite", limit))
        return
    pages = _pages(_with_label(search, settings), None if format is Format.csv else limit, settings)
    if format is Format.table:
        _print_table([row for page in pages for row in page])
    elif format is Format.csv:
        _print_csv(pages)
    else:
        _print_json(pages, format)


def _with_label(search: Search, settings: Settings) -> Search:
    """`naranja` is looked for as the label that it names."""
    if not search.object:
        return search
    return replace(search, object=label_meant(search.object, search.model, settings))


def _pages(search: Search, limit: int | None, settings: Settings) -> Iterator[Rows]:
    from sqlalchemy.exc import SQLAlchemyError

    from countlab.history import Database, HistoryFilter, find_page, find_pages

    wanted = HistoryFilter(search.since, search.until, search.model, search.object, search.key)
    database = Database.from_settings(settings)
    try:
        database.prepare()
        if limit is None:
            yield from find_pages(database.engine, wanted)
        else:
            yield find_page(database.engine, wanted, limit=limit)
    except (SQLAlchemyError, OSError) as reason:
        raise CountlabError("history_away") from reason
    finally:
        database.close()


def _print_table(rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        note(say("history_empty"))
        return
    names = [_picture_name(row) for row in rows]
    keys = [row["key_name"] or "" for row in rows]
    with_keys = any(keys)
    table = history_table(names, keys)
    for name, key, row in zip(names, keys, rows, strict=True):
        moment = row["time"].strftime("%Y-%m-%d %H:%M:%S")
        table.row(moment, name, *count_cells(row), *([key] if with_keys else []))


def _picture_name(row: dict[str, Any]) -> str:
    """The file name that the client sent, or the beginning of the picture's hash."""
    return row.get("filename") or f"{row['picture_sha256'][:_SHORT_HASH]}…"


def _print_csv(pages: Iterator[Rows]) -> None:
    from countlab.history import CSV_COLUMNS, as_csv_row

    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(CSV_COLUMNS)
    for page in pages:
        lines.writerows(as_csv_row(row) for row in page)
        sys.stdout.flush()


def _print_json(pages: Iterator[Rows], format: Format) -> None:
    from countlab.history import as_json

    rows = (as_json(row) for page in pages for row in page)
    if format is Format.json:
        print(json.dumps({"rows": list(rows)}, indent=2))
        return
    for row in rows:
        print(json.dumps(row, ensure_ascii=False))
