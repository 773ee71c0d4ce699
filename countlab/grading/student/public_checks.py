"""`check("2.1")` in a student's notebook: the public checks at once, with what to mend.

The same checks as the grader's, on the course's own pictures. The points that it shows are an
estimate: the grader asks about other pictures, from outside.
"""

from __future__ import annotations

import contextlib
import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.grading.judging.client_checks import ClientRun, ClientUnderTest, check_client
from countlab.grading.judging.count_checks import check_count
from countlab.grading.judging.routes import count_routes, read_routes
from countlab.grading.judging.server_checks import ServerUnderTest, check_predict
from countlab.grading.judging.server_response import Asker
from countlab.grading.judging.verdict import Verdict
from countlab.grading.pictures.public import public_set
from countlab.grading.pictures.recognition import KnownPictures
from countlab.grading.pictures.reference import Reference
from countlab.grading.rubric import QuestionResult, read_rubric, score
from countlab.grading.student import request_log as watching
from countlab.grading.submissions.notebook import comment_words, read_notebook
from countlab.messages import Language

_ENOUGH_WORDS = 10_000  # where the notebook's file cannot be found, its comments are not judged


@dataclass
class Checks:
    """Called with a question's number: shows a table, and answers with the points."""

    language: Language = "en"
    folder: Path = Path("images")
    reference: Reference = field(default_factory=Reference)

    def __call__(self, question: str) -> float:
        known = [each.id for each in read_rubric().questions if not each.by_person]
        if question not in known:
            raise CountlabError("check_unknown_question", question=question, known=known)
        result = self.result(question)
        _show(result, self.language)
        return result.points or 0.0

    def result(self, question: str) -> QuestionResult:
        entry = read_rubric().question(question)
        verdicts = self._server() if entry.notebook == "server" else self._client()
        return score(entry, verdicts, Verdict("", 0, "grade_not_reached"))

    def _server(self) -> list[Verdict]:
        with _serving(_namespace()) as url:
            exam = ServerUnderTest(Asker(url), public_set(self.folder, self.reference))
            verdicts = check_predict(exam)
            return verdicts + check_count(exam)[0]

    def _client(self) -> list[Verdict]:
        if not watching.watching:
            raise CountlabError("check_not_watched")
        base = str(_namespace().get("BASE_URL", "http://127.0.0.1:8000"))
        routes = read_routes(Asker(base)) or ()
        counting = count_routes(routes)
        run = ClientRun(tuple(watching.requests_seen))
        exam = ClientUnderTest(
            runs=[run],
            routes=routes,
            count_route=counting[0] if counting else None,
            object=(counting[0].fixed_object if counting else None) or "orange",
            words=_words(),
            reference=self.reference,
            known=KnownPictures(self.folder),
        )
        return check_client(exam)


def checks(language: Language = "en", *, watch: bool = False) -> Checks:
    """Makes `check`; with `watch=True` what the notebook asks from now on is written down."""
    if watch:
        watching.watch()
    return Checks(language)


@contextlib.contextmanager
def _serving(names: dict[str, Any]) -> Iterator[str]:
    """The notebook's app, served for a moment, with the endpoints as their cells are now."""
    from fastapi import FastAPI

    from countlab.notebook import serve

    apps = [value for name, value in names.items() if isinstance(value, FastAPI) and name != "_"]
    if not apps:
        raise CountlabError("check_no_app")
    quiet = io.StringIO()  # what the server logs from now on stands in the table instead
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        server = serve(apps[-1], port=0)
    try:
        yield server.url
    finally:
        server.stop()


def _namespace() -> dict[str, Any]:
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return dict(shell.user_ns) if shell is not None else {}


def _words() -> int:
    """Of the client notebook as it was last saved, if it lies here."""
    saved = sorted(Path().glob("client*.ipynb"), key=lambda path: path.stat().st_mtime)
    return comment_words(read_notebook(saved[-1]), None) if saved else _ENOUGH_WORDS


def _show(result: QuestionResult, language: Language) -> None:
    from IPython.display import HTML, display

    display(HTML(as_html(result, language)))  # type: ignore[no-untyped-call]


def as_html(result: QuestionResult, language: Language) -> str:
    """A small table: mark, check, what to mend."""
    titles = read_rubric().titles
    rows = "".join(
        _row(verdict, titles[verdict.check][language], language) for verdict in result.verdicts
    )
    head = f"<b>{result.id} · {result.points:.2f} / {result.of:.0f}</b>"
    return f'{head}<table style="text-align:left">{rows}</table>'


def _row(verdict: Verdict, title: str, language: Language) -> str:
    waits = verdict.code == "grade_depends"
    mark = "✓" if verdict.credit == 1 else "◐" if verdict.credit else "·" if waits else "✗"
    if waits:
        required = read_rubric().titles[str(verdict.facts["requires"])][language]
        verdict = Verdict(verdict.check, 0, verdict.code, {"requires": required})
    detail, fix = verdict.text(language) if verdict.credit < 1 else ("", "")
    cells: Sequence[str] = (mark, title, f"{detail} {fix}".strip())
    return "<tr>" + "".join(_cell(text) for text in cells) + "</tr>"


def _cell(text: str) -> str:
    return f'<td style="text-align:left;vertical-align:top">{html.escape(text)}</td>'
