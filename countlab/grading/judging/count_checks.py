"""Checks of the route that counts: right on hidden pictures, for a model and a confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from countlab.grading.judging.response_numbers import best_place, numbers
from countlab.grading.judging.routes import Route, count_routes
from countlab.grading.judging.server_checks import (
    ServerUnderTest,
    at_once,
    bad_value,
    parallel_verdict,
    text_file,
)
from countlab.grading.judging.verdict import Verdict, failed, right
from countlab.grading.pictures.reference import KINDS

_NO_MODEL = "no-such-model"
_MIXED_UP = 0.5


@dataclass(frozen=True)
class Counter:
    """The route that counts, the object it is asked for, and where its number stands."""

    route: Route
    object: str
    place: str
    right: int
    of: int
    reason: str = ""


def check_count(exam: ServerUnderTest) -> tuple[list[Verdict], Counter | None]:
    """Question 2.3, check by check, and the counter that was found."""
    candidates = count_routes(exam.routes or ())
    if not candidates:
        return [failed("count_route", "missing")], None
    counters = [_try(exam, route) for route in candidates[:3]]
    counter = max(counters, key=lambda each: each.right)
    route = counter.route
    known = [parameter.name for parameter in route.parameters]
    takes = [route.confidence, route.model]
    if None in takes:
        credit = 1 - 0.25 * takes.count(None)
        listed = failed("count_route", "parameters", credit, path=route.path, known=known)
    else:
        listed = right("count_route")
    verdicts = [listed, _right_verdict(counter)]
    if counter.right:
        verdicts += [
            _uses_confidence(exam, counter),
            _uses_model(exam, counter),
            bad_value(exam, route, "count_bad_value"),
            text_file(exam, route, "count_text_file"),
            _count_parallel(exam, counter),
        ]
    return verdicts, counter


def _try(exam: ServerUnderTest, route: Route) -> Counter:
    """Which object it counts: as asked, as its name says, or the one it is right for."""
    of = len(exam.pictures.counting)
    objects = [route.fixed_object] if route.fixed_object else ["orange"] if route.counted else KINDS
    best = Counter(route, objects[0] or "orange", "", 0, of)
    for wanted in objects:
        answers = [exam.send(route, each.data, object=wanted) for each in exam.pictures.counting]
        found = [numbers(answer) for answer in answers]
        truth = [each.counts[str(wanted)] for each in exam.pictures.counting]
        place, hits = best_place(found, truth)
        if hits > best.right or not best.reason:
            everything = [sum(each.counts.values()) for each in exam.pictures.counting]
            reason = (
                "failed"
                if not any(answer.ok for answer in answers)
                else "no_number"
                if not any(found)
                else "all_objects"
                if best_place(found, everything)[1] > hits
                else "constant"
                if all(each == found[0] for each in found)
                else "wrong"
            )
            best = Counter(route, str(wanted), place, hits, of, reason)
            if reason == "failed":
                best = Counter(route, str(wanted), place, hits, of, f"failed:{answers[0]}")
    return best


def _right_verdict(counter: Counter) -> Verdict:
    if counter.right == counter.of:
        return right("count_right")
    reason, _, answer = counter.reason.partition(":")
    facts: dict[str, Any] = {"right": counter.right, "of": counter.of, "answer": answer}
    facts |= {"path": counter.route.path, "object": counter.object}
    share = counter.right / counter.of
    # One or two pictures right by chance, as a constant has them, is not a count.
    credit = share if share >= _MIXED_UP and reason == "wrong" else 0
    return failed("count_right", reason, credit, **facts)


def _value(exam: ServerUnderTest, counter: Counter, data: bytes, **wanted: Any) -> int | None:
    answer = exam.send(counter.route, data, object=counter.object, **wanted)
    return numbers(answer).get(counter.place)


def _uses_confidence(exam: ServerUnderTest, counter: Counter) -> Verdict:
    if counter.route.confidence is None:
        return failed("count_confidence", "missing", path=counter.route.path)
    got: list[int | None] = []
    truth: list[int] = []
    for picture in exam.pictures.confidence:
        for at in picture.found_at:
            got.append(_value(exam, counter, picture.data, confidence=at))
            truth.append(picture.found_at[at][counter.object])
    if len(set(got)) == 1 < len(set(truth)) or _flat(
        got, len(exam.pictures.confidence[0].found_at)
    ):
        name = counter.route.confidence.name
        return failed("count_confidence", "ignored", parameter=name, path=counter.route.path)
    hits = sum(value == true for value, true in zip(got, truth, strict=True))
    if hits == len(truth):
        return right("count_confidence")
    return failed("count_confidence", "wrong", hits / len(truth), right=hits, of=len(truth))


def _flat(values: Sequence[int | None], step: int) -> bool:
    """No picture's count ever changed."""
    groups = [values[start : start + step] for start in range(0, len(values), step)]
    return all(len(set(group)) == 1 for group in groups)


def _uses_model(exam: ServerUnderTest, counter: Counter) -> Verdict:
    """A model that does not exist gets no count, and another model gets another one."""
    model = counter.route.model
    if model is None:
        return failed("count_model", "missing", path=counter.route.path)
    pictures = [each for each in exam.pictures.counting if each.counts[counter.object] > 0][:2]
    none = [_value(exam, counter, each.data, model=_NO_MODEL) for each in pictures]
    usual = [each.counts[counter.object] for each in pictures]
    same = none == usual
    if exam.other_model is not None:
        choices = [name for name in model.choices if "fruits" not in name]
        other = next(iter(choices), exam.other_model)
        same = same or usual == [_value(exam, counter, each.data, model=other) for each in pictures]
    if same:
        return failed("count_model", "ignored", parameter=model.name, path=counter.route.path)
    return right("count_model")


def _count_parallel(exam: ServerUnderTest, counter: Counter) -> Verdict:
    pairs = at_once(exam, counter.route, object=counter.object)
    same = [
        numbers(alone).get(counter.place) == numbers(other).get(counter.place) is not None
        for alone, other in pairs
    ]
    return parallel_verdict("count_parallel", same)
