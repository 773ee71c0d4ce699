"""Points: what checks share, what depends on what, scales and late days."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from countlab.errors import CountlabError
from countlab.grading.course import SCALES, Course, Scale, read_course
from countlab.grading.judging.verdict import Verdict, failed, right
from countlab.grading.result import Result
from countlab.grading.rubric import QuestionResult, read_rubric, score, written
from countlab.messages import message_table

SANTIAGO = timezone(timedelta(hours=-3))
FRIDAY = datetime(2026, 11, 27, 23, 59, tzinfo=SANTIAGO)


def result(points: float, came: datetime | None = None) -> Result:
    questions = tuple(QuestionResult(str(n), points / 6, 1.0) for n in range(6))
    return Result("x", "en", questions, handed_in=came.isoformat() if came else "")


def test_six_questions_of_one_point_each_in_both_languages() -> None:
    rubric = read_rubric()
    assert [each.id for each in rubric.questions] == ["2.1", "2.2", "2.3", "2.4", "3.1", "3.2"]
    assert all(question.points == 1 for question in rubric.questions)
    for question in rubric.questions:
        titles = [question.title, *(check.title for check in question.checks)]
        assert all(title["en"] and title["es"] and title["en"] != title["es"] for title in titles)


def test_a_check_that_requires_another_counts_only_with_it() -> None:
    question = read_rubric().question("2.1")
    reason = Verdict("", 0, "grade_not_reached")
    everything = [right(check.id) for check in question.checks]
    assert score(question, everything, reason).points == 1
    without = [
        failed("confidence_changes", "ignored", parameter="confidence", path="/predict")
        if each.check == "confidence_changes"
        else each
        for each in everything
    ]
    assert score(question, without, reason).points == 0


def test_a_missing_verdict_is_never_a_pass() -> None:
    question = read_rubric().question("2.3")
    nothing = score(question, [], Verdict("", 0, "grade_sandbox_memory"))
    assert nothing.points == 0
    reasons = {verdict.check: verdict.code for verdict in nothing.verdicts}
    assert reasons.pop("count_right") == "grade_sandbox_memory"
    assert set(reasons.values()) == {"grade_depends"}


def test_parts_that_were_not_answered_are_named() -> None:
    question = read_rubric().question("3.1")
    starter = "**The problem:**\n\n**The industry:**\n\n**The users:**\n"
    text = (
        "**The problem:** Crates are counted by hand, twice, and still go out short.\n"
        "**The industry:** fruit\n\n**The users:**\n"
        "The person at the end of the line, who sees the number on a screen."
    )
    found = written(question, text, starter, "es")
    assert found.points is None
    assert set(found.missing) == {"la industria", "el valor", "las métricas"}


@pytest.mark.parametrize(
    ("scale", "points", "grade"),
    [("1-7", 6, 7.0), ("1-7", 0, 1.0), ("1-7", 4.55, 5.6), ("0-100", 4.5, 75), ("0-20", 3.3, 11.0)],
)
def test_scales(scale: str, points: float, grade: float) -> None:
    assert Course(scale=SCALES[scale]).grade(result(points)) == pytest.approx(grade)


def test_a_scale_with_a_bend_passes_at_its_share() -> None:
    scale = Scale("1-7", 1, 7, 1, passing_grade=4, passing_share=0.6)
    grades = [scale.rounded(scale.grade(share)) for share in (0, 0.3, 0.6, 0.8, 1)]
    assert grades == [1.0, 2.5, 4.0, 5.5, 7.0]


@pytest.mark.parametrize(
    ("came", "days"),
    [
        (FRIDAY, 0),
        (FRIDAY + timedelta(minutes=1), 1),  # Saturday counts as Monday
        (FRIDAY + timedelta(days=2), 1),
        (FRIDAY + timedelta(days=3), 1),
        (FRIDAY + timedelta(days=4), 2),
        (FRIDAY + timedelta(days=10), 6),
        (FRIDAY + timedelta(days=11), 7),  # the 8th is a holiday: Wednesday the 9th
    ],
)
def test_working_days_late(came: datetime, days: int) -> None:
    holidays = frozenset({datetime(2026, 12, 8, tzinfo=SANTIAGO).date()})
    course = Course(deadline=FRIDAY, holidays=holidays)
    assert course.late_days(result(6, came)) == days
    assert course.grade(result(6, FRIDAY + timedelta(days=4))) == 6.0  # two days, half a point each


def test_a_late_grade_never_falls_below_the_scale() -> None:
    course = Course(deadline=FRIDAY)
    assert course.grade(result(0.2, FRIDAY + timedelta(days=40))) == 1.0


def test_the_config_file_is_read_and_mistakes_in_it_are_named(tmp_path: Path) -> None:
    path = tmp_path / "grading.toml"
    path.write_text(
        'scale = "0-20"\ndeadline = 2026-11-27T23:59:00-03:00\nholidays = [2026-12-08]\n'
        'penalty = 1\nlanguage = "es"\n[received]\nfirst = 2026-11-30T10:00:00-03:00\n'
    )
    course = read_course(path)
    assert course.scale.name == "0-20"
    assert course.late_days(replace(result(6, FRIDAY), name="first")) == 1
    for wrong in ('scale = "1-10"', 'deadline = "tomorrow"', "passing_share = 3", "[["):
        path.write_text(wrong)
        with pytest.raises(CountlabError, match=r"grading\.toml"):
            read_course(path)


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    """Each code a check can give stands in messages.toml; its facts fill the sentence."""
    import re

    folder = Path(__file__).parents[2] / "countlab" / "grading"
    sources = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    codes = {"grade_depends"} | set(
        re.findall(r'"(grade_[a-z_]+|submit_[a-z_]+|check_[a-z]+_[a-z]+)"', sources)
    )
    codes.discard("grade_id")  # nbgrader's
    checks = {check.id for each in read_rubric().questions for check in each.checks}
    for check, reason in re.findall(r'failed\(\s*"([a-z_]+)", "([a-z_]+)"', sources):
        assert check in checks
        codes.add(failed(check, reason).code)
    known = message_table()
    assert not sorted(code for code in codes if code not in known)
    assert len(codes) > 50
