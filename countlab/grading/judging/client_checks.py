"""Checks of the client notebook, by what it asked a server that wrote it down."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from countlab.grading.judging.response_numbers import numbers
from countlab.grading.judging.routes import Route, is_count
from countlab.grading.judging.verdict import Verdict, failed, right
from countlab.grading.pictures.recognition import KnownPictures
from countlab.grading.pictures.reference import Reference
from countlab.grading.running.recorder import RecordedRequest
from countlab.grading.running.reference_server import confidence_of

FRUITS = "fruits.jpg"
_CONFIDENCES = 3
_AMOUNTS = (1, 2, 3, 4, 5)
_COMMENT_WORDS = 25
_MOST_SHOWN = 0.8


@dataclass(frozen=True)
class ClientRun:
    """One run of the client notebook: what it asked, how its cells ended, what they showed."""

    requests: Sequence[RecordedRequest]
    failed_cells: Sequence[str] = ()
    """What Python said, for each cell that did not end well."""
    shown: str | None = None
    """What its cells printed; None where that is not known, and is not judged."""


@dataclass
class ClientUnderTest:
    """The runs, and what is needed to understand them."""

    runs: Sequence[ClientRun]
    routes: Sequence[Route]
    count_route: Route | None
    object: str
    words: int
    """Words of explanation, beyond those of the starter."""
    reference: Reference
    known: KnownPictures
    _counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def counting(self, request: RecordedRequest) -> bool:
        if self.count_route is None:
            return is_count(request.path)
        return self.count_route.parameters_in(request.path) is not None

    def confidence(self, request: RecordedRequest) -> float | None:
        return confidence_of(request.path, request.parameters, self.routes)

    def amount(self, request: RecordedRequest) -> int:
        """How many of the object are in the picture: known, or as the reference counts."""
        if request.sha256 not in self._counts:
            picture = request.picture or b""
            name = self.known.name(picture)
            known = self.known.counts.get(name or "")
            self._counts[request.sha256] = known or self.reference.counts(picture)
        return self._counts[request.sha256].get(self.object, 0)


def check_client(exam: ClientUnderTest) -> list[Verdict]:
    """Questions 2.2 and 2.4; of several runs the better one counts for each check."""
    words = (
        right("client_comments")
        if exam.words >= _COMMENT_WORDS
        else failed("client_comments", "few", exam.words / _COMMENT_WORDS, words=exam.words)
    )
    return [
        _best(exam, _confidences),
        _best(exam, _own_picture),
        words,
        _best(exam, _runs),
        _best(exam, _amounts),
        _best(exam, _shown),
    ]


def _best(exam: ClientUnderTest, check: Callable[[ClientUnderTest, ClientRun], Verdict]) -> Verdict:
    return max((check(exam, run) for run in exam.runs), key=lambda verdict: verdict.credit)


def _answered(exam: ClientUnderTest, run: ClientRun, *, counting: bool) -> list[RecordedRequest]:
    return [
        request
        for request in run.requests
        if request.picture and 200 <= request.status < 300 and exam.counting(request) == counting
    ]


def _confidences(exam: ClientUnderTest, run: ClientRun) -> Verdict:
    sent = [
        request
        for request in _answered(exam, run, counting=False)
        if exam.known.name(request.picture or b"") == FRUITS
    ]
    values = sorted({value for request in sent if (value := exam.confidence(request)) is not None})
    if len(values) >= _CONFIDENCES:
        return right("client_confidences")
    if sent and not values:
        used = sorted({name for request in sent for name in request.parameters})
        return failed("client_confidences", "no_parameter", used=used)
    if not sent:
        return failed("client_confidences", "not_sent")
    credit = (len(values) - 1) / (_CONFIDENCES - 1)
    return failed("client_confidences", "few", credit, values=values, of=_CONFIDENCES)


def _own_picture(exam: ClientUnderTest, run: ClientRun) -> Verdict:
    sent = _answered(exam, run, counting=False) + _answered(exam, run, counting=True)
    own = [request for request in sent if exam.known.name(request.picture or b"") is None]
    return right("client_own_picture") if own else failed("client_own_picture", "none")


def _runs(_: ClientUnderTest, run: ClientRun) -> Verdict:
    if run.failed_cells:
        return failed("client_runs", "error", said=run.failed_cells[0])
    return right("client_runs")


def _amounts(exam: ClientUnderTest, run: ClientRun) -> Verdict:
    sent = _answered(exam, run, counting=True)
    if not sent:
        return failed("count_pictures", "not_asked")
    found = {min(exam.amount(request), _AMOUNTS[-1]) for request in sent} & set(_AMOUNTS)
    if len(found) == len(_AMOUNTS):
        return right("count_pictures")
    missing = [
        "5+" if each == _AMOUNTS[-1] else str(each) for each in _AMOUNTS if each not in found
    ]
    return failed("count_pictures", "missing", len(found) / len(_AMOUNTS), missing=missing)


def _shown(exam: ClientUnderTest, run: ClientRun) -> Verdict:
    """The numbers that came back stand where a reader sees them."""
    sent = {request.sha256: request for request in _answered(exam, run, counting=True)}
    if not sent:
        return failed("count_shown", "nothing")
    if run.shown is None:
        return right("count_shown")
    printed = set(map(int, re.findall(r"\d{1,4}", run.shown)))
    counts = [set(numbers(request.answer).values()) for request in sent.values()]
    share = sum(bool(found & printed) for found in counts) / len(counts)
    if share >= _MOST_SHOWN:
        return right("count_shown")
    return failed("count_shown", "nothing", share if share > 0.5 else 0)
