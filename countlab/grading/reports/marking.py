"""Questions that a person marks: a local page with texts, rubric, points and comments."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from countlab.grading.result import Result
from countlab.grading.rubric import QuestionResult

MARKS = "marks.csv"
_HEAD = ("submission", "question", "points", "comment")


@dataclass(frozen=True)
class Mark:
    """A person's points for one question of one submission."""

    points: float | None
    comment: str = ""


Marks = dict[tuple[str, str], Mark]


def read_results(out: Path) -> list[Result]:
    """Everything graded so far, by name."""
    files = sorted((out / "results").glob("*.json"))
    return [Result.from_json(json.loads(path.read_text(encoding="utf-8"))) for path in files]


def read_marks(out: Path) -> Marks:
    path = out / MARKS
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        return {
            (row["submission"], row["question"]): Mark(
                float(row["points"].replace(",", ".")) if row["points"].strip() else None,
                row["comment"] or "",
            )
            for row in csv.DictReader(file)
        }


def write_marks(out: Path, marks: Marks) -> None:
    """Whole or not at all: the file is put in place when it is written."""
    draft = out / f"{MARKS}.draft"
    with draft.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(_HEAD)
        for (submission, question), mark in sorted(marks.items()):
            points = "" if mark.points is None else f"{mark.points:g}"
            writer.writerow([submission, question, points, mark.comment])
    draft.replace(out / MARKS)


def with_marks(results: Sequence[Result], out: Path) -> list[Result]:
    """The results with a person's points in their places."""
    marks = read_marks(out)
    return [
        replace(
            result,
            questions=tuple(_marked(result, each, marks) for each in result.questions),
        )
        for result in results
    ]


def _marked(result: Result, question: QuestionResult, marks: Marks) -> QuestionResult:
    mark = marks.get((result.name, question.id))
    if mark is None:
        return question
    points = question.points if mark.points is None else min(question.of, max(0.0, mark.points))
    return replace(question, points=points, comment=mark.comment)
