"""The route `GET /history`: the counted pictures, in pages or as one CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Receive, Scope, Send

from countlab.errors import CountlabError
from countlab.history import (
    CSV_COLUMNS,
    History,
    HistoryFilter,
    as_csv_row,
    as_json,
    find_page,
)
from countlab.server.middleware.auth import client_of

history_router = APIRouter(tags=["history"])

_EXAMPLE = "2026-11-20T12:00:00Z"
_EXPORT_ROWS = 1000  # on a page of an export
_DAMAGED = "malformed", "not a database", "no such column", "no such table"
_NAME = r"^[^\x00\"\\]{1,100}$"  # as labels and names of keys are
From = Annotated[
    AwareDatetime | None,
    Query(alias="from", description="Not before this moment.", examples=[_EXAMPLE]),
]
Until = Annotated[
    AwareDatetime | None, Query(alias="to", description="Before this moment.", examples=[_EXAMPLE])
]
Name = Annotated[str | None, Query(pattern=_NAME)]


def history_filter(
    since: From = None,
    until: Until = None,
    model: Annotated[Name, Query(description="Counted by this model.", examples=["fruits"])] = None,
    object: Annotated[
        Name, Query(description="This label was asked for or found.", examples=["orange"])
    ] = None,
    key: Annotated[Name, Query(description="Asked with the key of this name.")] = None,
) -> HistoryFilter:
    return HistoryFilter(since=since, until=until, model=model, object=object, key_name=key)


class Kept(BaseModel):
    """One picture that was counted."""

    id: str
    time: datetime
    request_id: str | None
    key_name: str | None
    picture_sha256: str
    model: str
    engine: str
    precision: str
    parameters: dict[str, Any]
    object: str | None
    count: int
    counts: dict[str, int]
    milliseconds: dict[str, float]
    warnings: list[str]
    receipt: dict[str, Any]
    filename: str | None
    """As the client called its picture, with control characters escaped."""
    mean_confidence: float | None
    """Of the findings; null where there were none."""
    likely: list[int] | None
    """The true count lies between these nine times in ten; null where nobody measured."""


class Page(BaseModel):
    """The newest first; `next` is the cursor of the next page, null on the last one."""

    rows: list[Kept]
    next: str | None = Field(examples=["18e9c0740cf242e83ff03f17c12ed482"])


@history_router.get(
    "/history",
    summary="What was counted",
    responses={200: {"model": Page, "content": {"text/csv": {}}}},
)
async def history(
    request: Request,
    row_filter: Annotated[HistoryFilter, Depends(history_filter)],
    limit: Annotated[int, Query(ge=1, le=1000, description="Rows on a page.")] = 100,
    cursor: Annotated[
        str | None, Query(pattern="^[0-9a-f]{32}$", description="`next` of the page before.")
    ] = None,
    format: Annotated[
        Literal["json", "csv"], Query(description="`csv` exports all rows, not a page.")
    ] = "json",
) -> Response:
    """Every picture counted through this API, the newest first, a page at a time.

    Rows that wait on disk for a database that is away are listed once it is back.
    """
    recorder: History = request.app.state.history
    if format == "csv":
        return await _export(recorder, row_filter, client_of(request.scope))

    def page() -> Response:
        rows = _find(recorder, row_filter, limit=limit, before=cursor)
        next_cursor = rows[-1]["id"] if len(rows) == limit else None
        return JSONResponse({"rows": [as_json(row) for row in rows], "next": next_cursor})

    return await recorder.readers.run(page)


async def _export(recorder: History, row_filter: HistoryFilter, client: str) -> Response:
    """All rows as CSV; the first page fails before the response starts."""
    recorder.readers.begin_export(client)
    try:
        first = await recorder.readers.run(lambda: _csv_page(recorder, row_filter, None))
    except BaseException:
        recorder.readers.end_export(client)
        raise
    headers = {"Content-Disposition": 'attachment; filename="history.csv"'}
    pages = _csv_pages(recorder, row_filter, first)
    end = partial(recorder.readers.end_export, client)
    return _Export(pages, end, media_type="text/csv", headers=headers)


async def _csv_pages(
    recorder: History, row_filter: HistoryFilter, page: CsvPage
) -> AsyncIterator[str]:
    yield _csv_lines([CSV_COLUMNS])
    while page.last_id:
        yield page.lines
        page = await recorder.readers.run(partial(_csv_page, recorder, row_filter, page.last_id))


class _Export(StreamingResponse):
    """Gives its place back however it ends."""

    def __init__(self, pages: AsyncIterator[str], end: Callable[[], None], **options: Any) -> None:
        super().__init__(pages, **options)
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


class CsvPage(NamedTuple):
    lines: str
    last_id: str | None


def _csv_page(recorder: History, row_filter: HistoryFilter, before: str | None) -> CsvPage:
    rows = _find(recorder, row_filter, limit=_EXPORT_ROWS, before=before)
    return CsvPage(_csv_lines(as_csv_row(row) for row in rows), rows[-1]["id"] if rows else None)


def _csv_lines(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _find(
    recorder: History, row_filter: HistoryFilter, *, limit: int, before: str | None
) -> list[dict[str, Any]]:
    try:
        return find_page(recorder.database.reader, row_filter, limit=limit, before=before)
    except SQLAlchemyError as reason:
        cause = str(getattr(reason, "orig", None) or reason)
        if any(words in cause for words in _DAMAGED):
            raise CountlabError("history_damaged", reason=cause, retry_after_s=600) from reason
        raise recorder.away_error from reason
