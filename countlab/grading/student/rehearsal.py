"""Both notebooks run once on the student's machine, and the public checks of what they did."""

from __future__ import annotations

import base64
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.grading.judging.client_checks import ClientRun, ClientUnderTest, check_client
from countlab.grading.judging.count_checks import Counter, check_count
from countlab.grading.judging.response_numbers import numbers
from countlab.grading.judging.routes import Route
from countlab.grading.judging.server_checks import ServerUnderTest, check_predict
from countlab.grading.judging.server_response import Answer, Asker
from countlab.grading.judging.verdict import Verdict
from countlab.grading.pictures.public import public_set
from countlab.grading.pictures.recognition import KnownPictures
from countlab.grading.pictures.reference import Reference
from countlab.grading.rubric import QuestionResult, read_rubric, score
from countlab.grading.running.recorder import RecordedRequest
from countlab.grading.student.local_run import FailedCell, LocalKernel, free_port, is_free
from countlab.grading.submissions.notebook import Notebook, comment_words
from countlab.grading.submissions.starter import assignment_folder, starter

_PORT = re.compile(
    r"\b(?:127\.0\.0\.1|localhost):(\d{4,5})\b|\bport\w*\s*=\s*(\d{4,5})", re.IGNORECASE
)
_USUAL = 8000
_BEFORE = "from countlab.grading.student import request_log as _watch\n_watch.watch()"
_AFTER = "from countlab.grading.student.rehearsal import write_requests as _w\n_w({path!r})"


@dataclass(frozen=True)
class Rehearsal:
    """What the public checks said, and a receipt for each picture that was counted."""

    questions: tuple[QuestionResult, ...]
    problems: tuple[CountlabError, ...] = ()
    receipts: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def points(self) -> dict[str, float]:
        return {each.id: each.points or 0.0 for each in self.questions}


def rehearse(folder: Path, server: Notebook, client: Notebook) -> Rehearsal:
    """On a port of its own where the usual one is taken by the notebook that is still open."""
    port = _stated_port(client)
    own = port if is_free(port) else free_port()
    change = _moved(port, own)
    url = f"http://127.0.0.1:{own}"
    reference, known = Reference(), KnownPictures(folder / "images")
    verdicts: list[Verdict] = []
    counter: Counter | None = None
    routes: tuple[Route, ...] = ()
    with LocalKernel(folder) as kernel:
        failed = kernel.run_all(server, change=change, serving=url)
        problems = _problems(server, failed)
        asker = Asker(url)
        if asker.ask("GET", "/openapi.json").ok:
            exam = ServerUnderTest(asker, public_set(folder / "images", reference))
            verdicts += check_predict(exam)
            counted, counter = check_count(exam)
            verdicts += counted
            routes = exam.routes or ()
        recorded, failed = _run_client(folder, client, change)
    problems += _problems(client, failed)
    verdicts += _client_verdicts(client, recorded, failed, routes, counter, reference, known)
    reason = Verdict("", 0, "grade_not_reached")
    questions = tuple(
        score(question, verdicts, reason)
        for question in read_rubric().questions
        if not question.by_person
    )
    receipts = [receipt(each, counter) for each in recorded if each.picture is not None]
    return Rehearsal(questions, tuple(problems), receipts)


def receipt(request: RecordedRequest, counter: Counter | None) -> dict[str, Any]:
    """What was sent, and what came back for it."""
    found = numbers(request.answer)
    entry: dict[str, Any] = {
        "picture_sha256": request.sha256,
        "address": request.path,
        "parameters": dict(request.parameters),
        "status": request.status,
    }
    counted = counter is not None and counter.route.parameters_in(request.path) is not None
    if counter is not None and counted and counter.place in found:
        entry["count"] = found[counter.place]
    return entry


def write_requests(path: str) -> None:
    """Runs in the client's kernel, last: what it recorded, for the process that started it."""
    from countlab.grading.student.request_log import requests_seen

    entries = [
        {
            "method": each.method,
            "path": each.path,
            "parameters": dict(each.parameters),
            "picture": base64.b64encode(each.picture or b"").decode(),
            "status": each.status,
            "body": base64.b64encode(each.answer.body[:20_000]).decode(),
        }
        for each in requests_seen
    ]
    Path(path).write_text(json.dumps(entries), encoding="ascii")


def _run_client(
    folder: Path, client: Notebook, change: Callable[[str], str]
) -> tuple[list[RecordedRequest], list[FailedCell]]:
    with tempfile.TemporaryDirectory() as scratch, LocalKernel(folder) as kernel:
        kernel.run(_BEFORE)
        failed = kernel.run_all(client, change=lambda source: _kept(change(source)))
        path = Path(scratch) / "requests.json"
        kernel.run(_AFTER.format(path=str(path)))
        entries = json.loads(path.read_text(encoding="ascii")) if path.is_file() else []
    recorded = [
        RecordedRequest(
            entry["method"],
            entry["path"],
            entry["parameters"],
            base64.b64decode(entry["picture"]) or None,
            entry["status"],
            Answer(entry["status"], base64.b64decode(entry["body"])),
        )
        for entry in entries
    ]
    return recorded, failed


def _client_verdicts(
    client: Notebook,
    recorded: Sequence[RecordedRequest],
    failed: Sequence[FailedCell],
    routes: Sequence[Route],
    counter: Counter | None,
    reference: Reference,
    known: KnownPictures,
) -> list[Verdict]:
    given = starter(assignment_folder(), "client", client.language or "en")
    run = ClientRun(recorded, [cell.said for cell in failed])
    return check_client(
        ClientUnderTest(
            runs=[run],
            routes=routes,
            count_route=counter.route if counter and counter.right else None,
            object=counter.object if counter else "orange",
            words=comment_words(client, given),
            reference=reference,
            known=known,
        )
    )


def _problems(notebook: Notebook, failed: Sequence[FailedCell]) -> list[CountlabError]:
    name = notebook.path.name
    return [
        CountlabError("submit_cell_failed", file=name, cell=str(cell.number), said=cell.said)
        for cell in failed
    ]


def _stated_port(client: Notebook) -> int:
    """The port that the client notebook asks."""
    for _, source in client.code:
        if found := _PORT.search(source):
            return int(found[1] or found[2])
    return _USUAL


def _moved(port: int, own: int) -> Callable[[str], str]:
    return lambda source: re.sub(rf"\b{port}\b", str(own), source)


def _kept(source: str) -> str:
    """Without the notebook's own `watch=True`, which would forget what was noticed before."""
    return source.replace("watch=True", "watch=False")
