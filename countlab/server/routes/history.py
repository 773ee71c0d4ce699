"""The route `GET /history`: the counted pictures, in pages or as one CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from countlab.errors import CountlabError
from countlab.history import (
    CSV_COLUMNS,
    History,
    HistoryFilter,
    as_csv_row,
    as_json,
    find_page,
    find_pages,
)

history_router = APIRouter(tags=["history"])

_EXAMPLE = "2026-11-20T12:00:00Z"
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


class Page(BaseModel):
    """The newest first; `next` is the cursor of the next page, null on the last one."""

    rows: list[Kept]
    next: str | None = Field(examples=["18e9c0740cf242e83ff03f17c12ed482"])


@history_router.get(
    "/history",
    summary="What was counted",
    responses={200: {"model": Page, "content": {"text/csv": {}}}},
)
def history(
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
    try:
        engine = recorder.database.engine
        if format == "csv":
            pages = find_pages(engine, row_filter)
            first = next(pages, [])  # fails before the response starts if the database is offline
            headers = {"Content-Disposition": 'attachment; filename="history.csv"'}
            return StreamingResponse(_csv(first, pages), media_type="text/csv", headers=headers)
        rows = find_page(engine, row_filter, limit=limit, before=cursor)
    except SQLAlchemyError as reason:
        raise CountlabError("history_away", retry_after_s=10) from reason
    next_cursor = rows[-1]["id"] if len(rows) == limit else None
    return JSONResponse({"rows": [as_json(row) for row in rows], "next": next_cursor})


def _csv(page: list[dict[str, Any]], pages: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    while page:
        writer.writerows(as_csv_row(row) for row in page)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        page = next(pages, [])
    yield buffer.getvalue()
