"""Pages: one for each student in their language, and one for the class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from countlab.grading.course import Course
from countlab.grading.judging.verdict import Verdict
from countlab.grading.reports.tables import grade_text, remark_of
from countlab.grading.result import Result
from countlab.grading.rubric import Question, QuestionResult, Rubric, read_rubric
from countlab.messages import Language
from countlab.system.toml import read_toml

_HERE = Path(__file__).parent
_MOST_MISTAKES = 12


@cache
def templates() -> Environment:
    """What students wrote is text, never markup: everything is escaped."""
    loader = FileSystemLoader(_HERE / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


@cache
def _page_words() -> dict[str, dict[str, dict[str, str]]]:
    return read_toml(_HERE / "pages.toml")


def page_words(page: str, language: Language) -> Mapping[str, str]:
    return {name: both[language] for name, both in _page_words()[page].items()}


def write_reports(
    results: Sequence[Result], course: Course, out: Path, rubric_file: Path | None = None
) -> None:
    """`class.html`, and `students/NAME.html` beside it."""
    rubric = read_rubric(rubric_file)
    folder = out / "students"
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        page = student_page(result, course, rubric)
        (folder / f"{result.name}.html").write_text(page, encoding="utf-8")
    (out / "class.html").write_text(class_page(results, course, rubric), encoding="utf-8")


def student_page(result: Result, course: Course, rubric: Rubric) -> str:
    language = result.language
    late = course.late_days(result)
    return templates().get_template("student.html").render(
        language=language,
        words=page_words("report", language),
        name=result.student.get("name") or result.name,
        grade=grade_text(result, course),
        scale=course.scale.name,
        points=f"{result.points:.2f}",
        of=f"{result.of:g}",
        late=late,
        off=f"{late * course.penalty:g}",
        unmarked=bool(result.unmarked),
        remarks=list(dict.fromkeys(tuple(remark.text(language)) for remark in result.remarks)),
        questions=[
            _question(each, rubric.question(each.id), rubric, language) for each in result.questions
        ],
    )  # fmt: skip


def _question(
    result: QuestionResult, question: Question, rubric: Rubric, language: Language
) -> dict[str, Any]:
    shares = {check.id: check.share * question.points for check in question.checks}
    return {
        "id": result.id,
        "title": question.title[language],
        "points": result.points,
        "of": result.of,
        "missing": result.missing,
        "text": result.text,
        "comment": result.comment,
        "checks": [
            _check(verdict, shares[verdict.check], rubric, language) for verdict in result.verdicts
        ],
    }


def _check(verdict: Verdict, of: float, rubric: Rubric, language: Language) -> dict[str, Any]:
    full, some = verdict.credit == 1, verdict.credit > 0
    waits = verdict.code == "grade_depends"
    facts = dict(verdict.facts)
    if "requires" in facts:
        facts["requires"] = rubric.titles.get(str(facts["requires"]), {}).get(language, "")
    text = Verdict(verdict.check, verdict.credit, verdict.code, facts).text(language)
    return {
        "title": rubric.titles[verdict.check][language],
        "mark": "✓" if full else "◐" if some else "·" if waits else "✗",
        "kind": "good" if full else "half" if some else "soft" if waits else "bad",
        "points": of * verdict.credit,
        "of": of,
        "detail": "" if full else text.detail,
        "fix": "" if full else text.fix,
    }


def class_page(results: Sequence[Result], course: Course, rubric: Rubric) -> str:
    language = course.language
    grades = [course.grade(result) for result in results]
    rows = [
        {
            "name": result.student.get("name") or result.name,
            "file": quote(f"{result.name}.html"),
            "points": ["–" if q.points is None else f"{q.points:.2f}" for q in result.questions],
            "sum": f"{result.points:.2f}",
            "grade": grade_text(result, course),
            "remark": remark_of(result, language),
        }
        for result in results
    ]
    return templates().get_template("class.html").render(
        language=language,
        words=page_words("class", language),
        title=course.title,
        mean=f"{sum(grades) / max(1, len(grades)):.{course.scale.decimals}f}",
        questions=[_of_class(question, results, language) for question in rubric.questions],
        histogram=_histogram(grades, course),
        mistakes=_mistakes(results, rubric, language),
        rows=rows,
    )  # fmt: skip


def _of_class(question: Question, results: Sequence[Result], language: Language) -> dict[str, Any]:
    points = [
        each.points
        for result in results
        for each in result.questions
        if each.id == question.id and each.points is not None
    ]
    mean = sum(points) / max(1, len(points))
    return {
        "id": question.id,
        "title": question.title[language],
        "mean": mean,
        "percent": round(100 * mean / question.points),
        "full": sum(each >= question.points - 1e-6 for each in points),
    }


def _histogram(grades: Sequence[float], course: Course) -> list[tuple[str, int, int]]:
    """Six steps from the lowest to the highest grade."""
    if not grades:
        return []
    low, step = course.scale.low, (course.scale.high - course.scale.low) / 6
    bins = Counter(min(5, int((grade - low) / step)) for grade in grades)
    most = max(bins.values())
    return [
        (f"{low + n * step:g}–{low + (n + 1) * step:g}", bins[n], round(100 * bins[n] / most))
        for n in range(6)
    ]


def _mistakes(
    results: Sequence[Result], rubric: Rubric, language: Language
) -> list[dict[str, Any]]:
    """By check and code, the most frequent first, each in the words of one who made it."""
    found: Counter[tuple[str, str, str]] = Counter()
    example: dict[tuple[str, str, str], Verdict] = {}
    for result in results:
        for question in result.questions:
            for verdict in question.verdicts:
                if verdict.credit < 1 and verdict.code != "grade_depends":
                    key = (question.id, verdict.check, verdict.code)
                    found[key] += 1
                    example.setdefault(key, verdict)
    return [
        {
            "number": number,
            "question": key[0],
            "title": rubric.titles[key[1]][language],
            "detail": example[key].text(language).detail,
        }
        for key, number in found.most_common(_MOST_MISTAKES)
    ]
