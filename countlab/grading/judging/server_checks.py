"""Checks of the server's behaviour, over HTTP alone: `/predict` and the route that counts."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from countlab.grading.judging.annotation import amount
from countlab.grading.judging.routes import Route, predict_route, read_routes
from countlab.grading.judging.server_response import Answer, Asker
from countlab.grading.judging.verdict import Verdict, failed, right
from countlab.grading.pictures.hidden import HiddenSet

NOT_A_PICTURE = b"Dear diary, today I counted oranges. It was a good day.\n" * 4
_AT_ONCE = 20
_SAME_SHARE = 0.01


@dataclass
class ServerUnderTest:
    """A student's server, the pictures to ask it about, and what was found out so far."""

    server: Asker
    pictures: HiddenSet
    other_model: str | None = None
    """A model beside `fruits` that is there for sure; None where asking might fetch it."""

    @cached_property
    def routes(self) -> tuple[Route, ...] | None:
        return read_routes(self.server)

    @cached_property
    def predict(self) -> Route | None:
        return predict_route(self.routes or ())

    def send(
        self, route: Route, picture: bytes, *, name: str = "picture.jpg", **wanted: Any
    ) -> Answer:
        """One request; what is not said is a model that exists and the usual confidence."""
        values = route.values(**{"model": "fruits", "confidence": 0.5, **wanted})
        files = {route.file_field: (name, picture, "image/jpeg")}
        return self.server.ask(
            route.method, values.path, params=values.query, data=values.form, files=files
        )


def check_predict(exam: ServerUnderTest) -> list[Verdict]:
    """Question 2.1, check by check."""
    route = exam.predict
    if exam.routes is None:
        return [failed("predict_confidence", "no_docs")]
    if route is None:
        return [failed("predict_confidence", "no_route")]
    if route.confidence is None:
        known = [parameter.name for parameter in route.parameters] + [route.file_field]
        return [failed("predict_confidence", "missing", path=route.path, known=known)]
    listed = (
        right("predict_confidence")
        if _docs(exam)
        else failed("predict_confidence", "no_docs", credit=0.5)
    )
    return [
        listed,
        *_confidence_works(exam, route),
        bad_value(exam, route, "predict_bad_value"),
        text_file(exam, route, "predict_text_file"),
        _predict_parallel(exam, route),
    ]


def _docs(exam: ServerUnderTest) -> bool:
    """The page that lists the routes is there for people, too."""
    return exam.server.ask("GET", "/docs").ok


def _confidence_works(exam: ServerUnderTest, route: Route) -> list[Verdict]:
    """Higher means fewer: judged by how much is drawn, picture by picture."""
    changes, falls, broken = [], [], []
    for picture in exam.pictures.confidence:
        answers = [exam.send(route, picture.data, confidence=at) for at in picture.found_at]
        drawn = [amount(answer, picture.data) for answer in answers]
        if None in drawn:
            broken += [
                answer for answer, found in zip(answers, drawn, strict=True) if found is None
            ]
            continue
        pairs = list(pairwise([found or 0.0 for found in drawn]))
        changes += [abs(low - high) > _SAME_SHARE * max(low, high, 1) for low, high in pairs]
        falls += [low >= high * (1 - _SAME_SHARE) for low, high in pairs]
    if broken:
        said, body = str(broken[0]), _shown(broken[0])
        wrong = failed("confidence_changes", "no_picture", path=route.path, answer=said, body=body)
        return [wrong]
    if not any(changes):
        name = route.confidence.name if route.confidence else ""
        return [failed("confidence_changes", "ignored", parameter=name, path=route.path)]
    share = sum(changes) / len(changes)
    works = (
        right("confidence_changes")
        if share > 0.7
        else failed("confidence_changes", "sometimes", credit=share, path=route.path)
    )
    fall = sum(falls) / len(falls)
    if fall == 1:
        return [works, right("confidence_monotone")]
    return [works, failed("confidence_monotone", "more", credit=0, path=route.path)]


def bad_value(exam: ServerUnderTest, route: Route, check: str) -> Verdict:
    """A confidence that is no number is the client's mistake, said as such."""
    if route.confidence is None:
        return failed(check, "missing", path=route.path)
    answer = exam.send(route, exam.pictures.counting[0].data, confidence="abc")
    if answer.refused:
        return right(check)
    reason = "accepted" if answer.ok else "crashed"
    return failed(check, reason, parameter=route.confidence.name, answer=str(answer))


def text_file(exam: ServerUnderTest, route: Route, check: str) -> Verdict:
    """A text file called .jpg is refused with a sentence."""
    answer = exam.send(route, NOT_A_PICTURE, name="holiday.jpg")
    if answer.refused:
        return right(check) if len(answer.body) > 10 else failed(check, "silent", credit=0.5)
    reason = "accepted" if answer.ok else "crashed"
    return failed(check, reason, path=route.path, answer=str(answer))


def at_once(exam: ServerUnderTest, route: Route, **wanted: Any) -> list[tuple[Answer, Answer]]:
    """Twenty requests in turn and the same twenty at the same time, in pairs."""
    pictures = [picture.data for picture in exam.pictures.counting[:4]]
    alone = [exam.send(route, picture, **wanted) for picture in pictures]
    with ThreadPoolExecutor(_AT_ONCE) as clients:
        together = clients.map(
            lambda number: exam.send(route, pictures[number % len(pictures)], **wanted),
            range(_AT_ONCE),
        )
        return [(alone[n % len(pictures)], answer) for n, answer in enumerate(together)]


def _predict_parallel(exam: ServerUnderTest, route: Route) -> Verdict:
    pictures = [picture.data for picture in exam.pictures.counting[:4]]
    pairs = at_once(exam, route)
    same = [
        _alike(
            amount(alone, pictures[n % len(pictures)]), amount(other, pictures[n % len(pictures)])
        )
        for n, (alone, other) in enumerate(pairs)
    ]
    return parallel_verdict("predict_parallel", same)


def parallel_verdict(check: str, same: Sequence[bool]) -> Verdict:
    if all(same):
        return right(check)
    return failed(check, "differ", wrong=same.count(False), of=len(same))


def _alike(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return False
    return abs(first - second) <= _SAME_SHARE * max(first, second, 1)


def _shown(answer: Answer) -> str:
    return answer.body[:120].decode("utf-8", "replace") if not answer.is_picture else ""
