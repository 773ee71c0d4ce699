"""The local page on which a person marks: one question, all texts, saved as it is typed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from countlab.grading.reports.marking import Mark, read_marks, read_results, write_marks
from countlab.grading.reports.pages import page_words, templates
from countlab.grading.result import Result
from countlab.grading.rubric import Question, read_rubric
from countlab.messages import Language


def marking_app(out: Path, language: Language) -> FastAPI:
    """Only for this machine: every saving request carries a secret that the page was given."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    secret = secrets.token_urlsafe(16)
    questions = [each for each in read_rubric().questions if each.by_person]

    app.middleware("http")(_only_here(secret))

    @app.get("/")
    def first() -> RedirectResponse:
        return RedirectResponse(f"/question/{questions[0].id}")

    @app.get("/question/{identifier}", response_class=HTMLResponse)
    def question(identifier: str) -> str:
        if identifier not in [each.id for each in questions]:
            raise HTTPException(404)
        return _page(out, identifier, questions, language, secret)

    @app.post("/marks")
    def save(
        request: Request,
        submission: Annotated[str, Body()],
        question: Annotated[str, Body()],
        points: Annotated[float | None, Body()] = None,
        comment: Annotated[str, Body(max_length=4000)] = "",
    ) -> dict[str, int]:
        if not secrets.compare_digest(request.headers.get("x-secret", ""), secret):
            raise HTTPException(403)
        entry = next((each for each in questions if each.id == question), None)
        known = {result.name for result in read_results(out)}
        if entry is None or submission not in known:
            raise HTTPException(404)
        if points is not None and not 0 <= points <= entry.points:
            raise HTTPException(422)
        marks = read_marks(out)
        marks[submission, question] = Mark(points, comment)
        write_marks(out, marks)
        return {"left": _left(out, question)}

    return app


def _only_here(secret: str) -> Callable[[Request, Callable[[Request], Any]], Any]:
    """A page of another origin cannot read this one by giving this machine another name."""

    async def only_here(request: Request, call_next: Callable[[Request], Any]) -> Response:
        if request.url.hostname not in ("127.0.0.1", "localhost"):
            return Response("only for this machine", 403)
        response: Response = await call_next(request)
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-" + secret + "'; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'"
        )
        return response

    return only_here


def mark_in_browser(out: Path, *, language: Language, port: int) -> None:
    """Serves the page until Ctrl-C."""
    import webbrowser

    import uvicorn

    url = f"http://127.0.0.1:{port}/"
    print(url)
    webbrowser.open(url)
    uvicorn.run(marking_app(out, language), host="127.0.0.1", port=port, log_level="warning")


def _page(
    out: Path, identifier: str, questions: list[Question], language: Language, secret: str
) -> str:
    question = next(each for each in questions if each.id == identifier)
    marks = read_marks(out)
    texts = [
        {
            "name": result.name,
            "text": each.text,
            "missing": each.missing,
            "mark": marks.get((result.name, identifier), Mark(None)),
        }
        for result in read_results(out)
        for each in result.questions
        if each.id == identifier
    ]
    return templates().get_template("marking.html").render(
        language=language,
        words=page_words("marking", language),
        question=question,
        title=question.title[language],
        parts=[part[language] for part in question.parts],
        questions=questions,
        texts=texts,
        left=_left(out, identifier),
        secret=secret,
    )  # fmt: skip


def _left(out: Path, identifier: str) -> int:
    marks = read_marks(out)
    return sum(_unmarked(result, identifier, marks) for result in read_results(out))


def _unmarked(result: Result, identifier: str, marks: Any) -> bool:
    question = next((each for each in result.questions if each.id == identifier), None)
    mark = marks.get((result.name, identifier))
    return (
        question is not None and question.points is None and (mark is None or mark.points is None)
    )
