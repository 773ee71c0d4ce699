"""One submission, from file to result: its notebooks run in sandboxes, asked from outside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from countlab.grading.judging.client_checks import ClientRun, ClientUnderTest, check_client
from countlab.grading.judging.count_checks import Counter, check_count
from countlab.grading.judging.routes import Route
from countlab.grading.judging.server_checks import ServerUnderTest, check_predict
from countlab.grading.judging.server_response import Answer
from countlab.grading.judging.verdict import Verdict
from countlab.grading.pictures.hidden import hidden_set
from countlab.grading.result import Result
from countlab.grading.rubric import Question, QuestionResult, score, written
from countlab.grading.running.cell_failures import failed_cells, not_served, sandbox_ended
from countlab.grading.running.client_run import (
    USUAL_PORT,
    Grader,
    cells_to_run,
    open_box,
    run_client,
)
from countlab.grading.running.reference_server import ReferenceServer
from countlab.grading.running.sandbox_models import OTHER_MODEL
from countlab.grading.running.server_discovery import ServedApp, served
from countlab.grading.sandbox.sandbox import SandboxEnded
from countlab.grading.submissions.archive import Submission
from countlab.grading.submissions.notebook import Notebook, answer_text, comment_words
from countlab.grading.submissions.starter import starter

_MOST_REMARKS = 3


@dataclass
class Evidence:
    """What was found out about the server, for the client's checks."""

    verdicts: list[Verdict] = field(default_factory=list)
    routes: tuple[Route, ...] = ()
    counter: Counter | None = None
    shape: object = None
    openapi: bytes = b"{}"
    remarks: list[Verdict] = field(default_factory=list)
    reason: Verdict = field(default_factory=lambda: Verdict("", 0, "grade_not_reached"))
    runs: list[ClientRun] = field(default_factory=list)


def grade(submission: Submission, grader: Grader) -> Result:
    """All questions; what goes wrong with one notebook leaves the other's points alone."""
    start = time.monotonic()
    evidence = Evidence()
    if submission.server is None:
        evidence.reason = Verdict("", 0, "grade_no_server_notebook")
    else:
        _server_part(submission, submission.server, grader, evidence)
    client_reason = evidence.reason
    if submission.client is None:
        client_reason = Verdict("", 0, "grade_no_client_notebook")
    else:
        _client_alone(submission, submission.client, grader, evidence)
        evidence.verdicts += _client_verdicts(submission, submission.client, grader, evidence)
    questions = [
        _question(question, submission, grader, evidence, client_reason)
        for question in grader.rubric.questions
    ]
    return Result(
        name=submission.name,
        language=submission.language,
        questions=tuple(questions),
        remarks=tuple(evidence.remarks),
        student=submission.student,
        handed_in=submission.handed_in.isoformat() if submission.handed_in else "",
        sandbox="bubblewrap" if grader.protected else "limits",
        seconds=round(time.monotonic() - start, 1),
    )


def _server_part(
    submission: Submission, notebook: Notebook, grader: Grader, evidence: Evidence
) -> None:
    """The server's own checks, then the client against it, while it still runs."""
    try:
        with open_box(submission, grader) as box:
            run = box.run("server", cells_to_run(notebook), serves=True)
            app = served(box, run, grader.limits)
            failed = failed_cells(run, notebook)
            evidence.remarks += [each.verdict("server") for each in failed[:_MOST_REMARKS]]
            if app is None:
                evidence.reason = not_served(failed, box.ended_because or run.error)
            else:
                _ask_server(app, submission, grader, evidence)
                if submission.client is not None:
                    _client_against(app, submission, submission.client, grader, evidence)
            if box.ended_because:
                evidence.remarks.append(sandbox_ended(box.ended_because))
    except SandboxEnded:
        evidence.reason = sandbox_ended("ended")
        evidence.remarks.append(evidence.reason)


def _ask_server(app: ServedApp, submission: Submission, grader: Grader, evidence: Evidence) -> None:
    if app.remark:
        evidence.remarks.append(Verdict("server", 0, app.remark))
    hidden = hidden_set(f"{grader.seed}/{submission.name}", grader.reference)
    exam = ServerUnderTest(app.tunnel, hidden, OTHER_MODEL if grader.models else None)
    evidence.verdicts += check_predict(exam)
    verdicts, evidence.counter = check_count(exam)
    evidence.verdicts += verdicts
    evidence.routes = exam.routes or ()
    evidence.openapi = app.tunnel.ask("GET", "/openapi.json").body[:2_000_000]
    if evidence.counter is not None and evidence.counter.right:
        first = hidden.counting[0].data
        shape = exam.send(evidence.counter.route, first, object=evidence.counter.object)
        evidence.shape = shape.json()


def _client_against(
    app: ServedApp,
    submission: Submission,
    notebook: Notebook,
    grader: Grader,
    evidence: Evidence,
) -> None:
    def forward(
        method: str,
        path: str,
        query: object,
        body: bytes,
        headers: object,
        picture: bytes | None,  # noqa: ARG001
    ) -> Answer:
        return app.tunnel.ask(method, path, params=query, data=body, headers=headers)  # type: ignore[arg-type]

    evidence.runs.append(run_client(submission, notebook, grader, forward, app.tunnel.port))


def _client_alone(
    submission: Submission, notebook: Notebook, grader: Grader, evidence: Evidence
) -> None:
    """Against the reference server, under the student's own route names."""
    upstream = ReferenceServer(
        grader.reference, evidence.routes, evidence.counter, evidence.shape, evidence.openapi
    )
    run = run_client(submission, notebook, grader, upstream, USUAL_PORT)
    evidence.runs.append(run)
    if run.failed_cells and all(each.failed_cells for each in evidence.runs):
        first = evidence.runs[0].failed_cells[0]
        evidence.remarks.append(Verdict("client", 0, "grade_cell_failed", {"said": first}))


def _client_verdicts(
    submission: Submission, notebook: Notebook, grader: Grader, evidence: Evidence
) -> Sequence[Verdict]:
    given = starter(grader.assignment, "client", submission.language)
    counter = evidence.counter
    exam = ClientUnderTest(
        runs=evidence.runs,
        routes=evidence.routes,
        count_route=counter.route if counter and counter.right else None,
        object=counter.object if counter else "orange",
        words=comment_words(notebook, given),
        reference=grader.reference,
        known=grader.pictures,
    )
    return check_client(exam)


def _question(
    question: Question,
    submission: Submission,
    grader: Grader,
    evidence: Evidence,
    client_reason: Verdict,
) -> QuestionResult:
    if not question.by_person:
        reason = client_reason if question.notebook == "client" else evidence.reason
        return score(question, evidence.verdicts, reason)
    notebooks = [each for each in (submission.client, submission.server) if each is not None]
    given = [
        found.text
        for name in ("client", "server")
        if (found := starter(grader.assignment, name, submission.language)) is not None
    ]
    text = answer_text(notebooks, question.id)
    return written(question, text, "\n".join(given), submission.language)
