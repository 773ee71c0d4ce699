"""Grades as tables: on the terminal, as CSV, and as Canvas and Moodle import them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.table import Table

from countlab.grading.course import Course
from countlab.grading.result import Result
from countlab.messages import Language

_HEAD = {
    "en": ("submission", "points", "grade", "late", "what happened"),
    "es": ("entrega", "puntos", "nota", "atraso", "qué pasó"),
}
_TO_MARK = {"en": "to mark: ", "es": "por corregir: "}
_WIDE = 110  # narrower terminals have no room for a sentence at the end of a row
_UNSAFE = ("=", "+", "-", "@", "\t", "\r")


def table(
    results: Sequence[Result], course: Course, language: Language, *, width: int = _WIDE
) -> Table:
    """One row each: points by question, grade, and in a wide terminal the first thing amiss."""
    name, points, grade, late, happened = _HEAD[language]
    questions = [question.id for question in results[0].questions] if results else []
    shown = Table(name, *questions, points, grade, late, happened, box=None, pad_edge=False)
    for column in shown.columns[1:-1]:
        column.justify = "right"
    for column in shown.columns[:-1]:
        column.no_wrap = True
    for result in results:
        by_question = [
            "–" if each.points is None else f"{each.points:.2f}" for each in result.questions
        ]
        shown.add_row(
            result.name,
            *by_question,
            f"{result.points:.2f}",
            grade_text(result, course),
            str(course.late_days(result) or ""),
            remark_of(result, language),
        )
    if width < _WIDE:
        shown.columns.pop()
    return shown


def grade_text(result: Result, course: Course) -> str:
    """With an asterisk while a person has not marked everything."""
    text = f"{course.grade(result):.{course.scale.decimals}f}"
    return text + ("*" if result.unmarked else "")


def remark_of(result: Result, language: Language) -> str:
    """Each remark once; what a person still has to do."""
    said = dict.fromkeys(remark.text(language).detail for remark in result.remarks)
    if not said:
        lost = [
            verdict
            for question in result.questions
            for verdict in question.verdicts
            if verdict.credit < 1 and verdict.code != "grade_depends"
        ]
        said = dict.fromkeys(verdict.text(language).detail for verdict in lost[:1])
    return next(iter(said), "")[:110]


def write_tables(results: Sequence[Result], course: Course, out: Path) -> None:
    """grades.csv, canvas.csv, moodle.csv."""
    questions = [question.id for question in results[0].questions] if results else []
    head = ["submission", "student", "id", "email", *questions, "points", "of", "grade"]
    rows = [
        [
            result.name,
            *(result.student.get(key, "") for key in ("name", "id", "email")),
            *("" if each.points is None else f"{each.points:.3f}" for each in result.questions),
            f"{result.points:.3f}",
            f"{result.of:g}",
            f"{course.grade(result):.{course.scale.decimals}f}",
            str(course.late_days(result)),
            " ".join(result.unmarked),
            remark_of(result, course.language),
        ]
        for result in results
    ]
    _write(out / "grades.csv", [*head, "late_days", "unmarked", "remark"], rows)
    _write_canvas(results, course, out / "canvas.csv")
    _write_moodle(results, course, out / "moodle.csv")


def _write_canvas(results: Sequence[Result], course: Course, path: Path) -> None:
    """As Canvas's gradebook imports it: who, by its own number, and the assignment's column."""
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", course.title]
    possible = ["    Points Possible", "", "", "", "", f"{course.scale.high:g}"]
    rows = [
        [
            result.student.get("name") or result.name,
            _canvas_id(result.name),
            result.student.get("id", ""),
            result.student.get("email", ""),
            "",
            f"{course.grade(result):.{course.scale.decimals}f}",
        ]
        for result in results
    ]
    _write(path, head, [possible, *rows])


def _write_moodle(results: Sequence[Result], course: Course, path: Path) -> None:
    """As Moodle's offline grading worksheet: its participant number, grade, comments."""
    head = [
        "Identifier",
        "Full name",
        "Email address",
        "Grade",
        "Maximum Grade",
        "Feedback comments",
    ]
    rows = [
        [
            _moodle_id(result.name),
            result.student.get("name") or result.name,
            result.student.get("email", ""),
            f"{course.grade(result):.{course.scale.decimals}f}",
            f"{course.scale.high:g}",
            feedback(result),
        ]
        for result in results
    ]
    _write(path, head, rows)


def feedback(result: Result) -> str:
    """A few sentences for the student: what lost points, and what to do."""
    parts = []
    for question in result.questions:
        points = "–" if question.points is None else f"{question.points:.2f}"
        parts.append(f"{question.id}: {points}/{question.of:g}.")
        lost = [
            each for each in question.verdicts if each.credit < 1 and each.code != "grade_depends"
        ]
        parts += dict.fromkeys(" ".join(each.text(result.language)) for each in lost)
        parts += [question.comment] if question.comment else []
    return " ".join(parts)


def _canvas_id(name: str) -> str:
    """Canvas names downloads lastname_12345_67890_file.zip: the first number is the student's."""
    found = re.match(r"[^_]+_(?:late_)?(\d+)_\d+", name, re.IGNORECASE)
    return found[1] if found else ""


def _moodle_id(name: str) -> str:
    """Moodle names folders First Last_1234567_assignsubmission_file."""
    found = re.search(r"_(\d+)_assignsubmission", name)
    return f"Participant {found[1]}" if found else ""


def _write(path: Path, head: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    """A student's text never becomes a formula when a spreadsheet opens the file."""
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for row in rows:
            writer.writerow([f"'{each}" if each.startswith(_UNSAFE) else each for each in row])
