"""`GET /history`: what was counted, in pages or as one CSV file."""

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
from countlab.history import CELLS, History, HistoryFilter, as_cells, as_json, find_page, find_pages

past = APIRouter(tags=["history"])

_EXAMPLE = "2026-11-20T12:00:00Z"
_WORD = r"^[^\x00\"\\]{1,100}$"  # what a label or a name of a key can be; the rest finds nothing
From = Annotated[
    AwareDatetime | None,
    Query(alias="from", description="Not before this moment.", examples=[_EXAMPLE]),
]
Until = Annotated[
    AwareDatetime | None, Query(alias="to", description="Before this moment.", examples=[_EXAMPLE])
]
Word = Annotated[str | None, Query(pattern=_WORD)]


def wanted(
    since: From = None,
    until: Until = None,
    model: Annotated[Word, Query(description="Counted by this model.", examples=["fruits"])] = None,
    object: Annotated[
        Word, Query(description="This label was asked for or found.", examples=["orange"])
    ] = None,
    key: Annotated[Word, Query(description="Asked with the key of this name.")] = None,
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


@past.get(
    "/history",
    summary="What was counted",
    responses={200: {"model": Page, "content": {"text/csv": {}}}},
)
def history(
    request: Request,
    wanted: Annotated[HistoryFilter, Depends(wanted)],
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
    kept: History = request.app.state.history
    try:
        engine = kept.database.engine
        if format == "csv":
            pages = find_pages(engine, wanted)
            first = next(pages, [])  # a database that is away is told before the answer begins
            name = {"Content-Disposition": 'attachment; filename="history.csv"'}
            return StreamingResponse(_csv(first, pages), media_type="text/csv", headers=name)
        rows = find_page(engine, wanted, limit=limit, before=cursor)
    except SQLAlchemyError as reason:
        raise CountlabError("history_away", retry_after_s=10) from reason
    more = rows[-1]["id"] if len(rows) == limit else None
    return JSONResponse({"rows": [as_json(row) for row in rows], "next": more})


def _csv(page: list[dict[str, Any]], pages: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(CELLS)
    while page:
        lines.writerows(as_cells(row) for row in page)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
        page = next(pages, [])
    yield text.getvalue()
