"""The review page as an app: the page, its pictures, the next one, an answer, the report."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template
from typing import Annotated, Any

from fastapi import Body, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.staticfiles import StaticFiles

from countlab.datasets.reviews import ReviewBox
from countlab.errors import CountlabError
from countlab.server.language import language_of
from countlab.web.review.access import Access
from countlab.web.review.session import ReviewSession
from countlab.web.shell import FILES, TEMPLATES, as_script
from countlab.web.strings import strings_in

_Person = Annotated[str, Query(min_length=1, max_length=60)]
_Share = Annotated[float, Field(ge=0, le=1)]
_STATUS = {"reviewed_meanwhile": 409, "no_such_file": 404, "no_such_class": 422}
_MAX_SKIPPED = 200


class _Box(BaseModel):
    label: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\r\n]*$")]
    left: _Share
    top: _Share
    right: _Share
    bottom: _Share


class _Answer(BaseModel):
    file: Annotated[str, Field(max_length=1000)]
    label: Annotated[str, Field(max_length=200)] | None
    boxes: Annotated[list[_Box], Field(max_length=500)] | None = None
    person: Annotated[str, Field(min_length=1, max_length=60)]
    seen: Annotated[int, Field(ge=0)]


def review_app(folder: Path, *, key: str) -> FastAPI:
    """For whoever has the key."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    session = ReviewSession(folder)
    app.add_middleware(Access, key=key)
    app.mount("/files", StaticFiles(directory=FILES))

    @app.exception_handler(CountlabError)
    def problem(request: Request, error: CountlabError) -> JSONResponse:
        text = error.text(language_of(request))._asdict()
        facts = {"person": error.facts.get("person"), "label": error.facts.get("label")}
        document = {"code": error.code, **text, **facts}
        return JSONResponse(
            document, _STATUS.get(error.code, 422 if error.is_about_picture else 500)
        )

    @app.get("/", response_class=HTMLResponse)
    def page(request: Request) -> str:
        return _page(session, request)

    @app.get("/next")
    def following(person: _Person, skip: Annotated[list[str] | None, Query()] = None) -> Any:
        return session.next_for(person, skip=frozenset((skip or [])[:_MAX_SKIPPED]))

    @app.get("/show")
    def show(file: str, person: _Person) -> Any:
        return session.show(file, person)

    @app.get("/picture")
    def picture(file: str) -> Response:
        data, media_type = session.picture(file)
        return Response(data, media_type=media_type)

    @app.post("/answers")
    def answer(found: Annotated[_Answer, Body()]) -> Any:
        boxes = None if found.boxes is None else [ReviewBox(**vars(box)) for box in found.boxes]
        return session.save(found.file, found.label, boxes, person=found.person, seen=found.seen)

    @app.get("/report")
    def report() -> Any:
        return session.report()

    return app


def _page(session: ReviewSession, request: Request) -> str:
    language = language_of(request)
    strings = strings_in(language, "review_strings")
    properties = {
        "strings": strings,
        "language": language,
        "classes": session.classes,
        "boxes": session.settings.boxes,
    }
    template = Template((TEMPLATES / "review.html").read_text(encoding="utf-8"))
    return template.substitute(
        {name: html.escape(text) for name, text in strings.items()},
        language=language,
        folder=html.escape(session.folder.resolve().name),
        properties=as_script(properties),
    )
