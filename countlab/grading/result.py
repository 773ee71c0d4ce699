"""What grading one submission gave, as data that is written to disk and read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from countlab.grading.judging.verdict import Verdict
from countlab.grading.rubric import QuestionResult
from countlab.messages import Language


@dataclass(frozen=True)
class Result:
    """One row of the table; `remarks` say what happened that is no check."""

    name: str
    language: Language
    questions: tuple[QuestionResult, ...]
    remarks: tuple[Verdict, ...] = ()
    student: Mapping[str, str] = field(default_factory=dict)
    handed_in: str = ""
    sandbox: str = ""
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """What is marked so far."""
        return sum(question.points or 0 for question in self.questions)

    @property
    def of(self) -> float:
        return sum(question.of for question in self.questions)

    @property
    def unmarked(self) -> tuple[str, ...]:
        """Questions that still wait for a person."""
        return tuple(each.id for each in self.questions if each.points is None)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "language": self.language,
            "student": dict(self.student),
            "handed_in": self.handed_in,
            "sandbox": self.sandbox,
            "seconds": self.seconds,
            "remarks": [remark.as_json() for remark in self.remarks],
            "questions": [
                {
                    "id": each.id,
                    "points": each.points,
                    "of": each.of,
                    "verdicts": [verdict.as_json() for verdict in each.verdicts],
                    "text": each.text,
                    "missing": list(each.missing),
                    "comment": each.comment,
                }
                for each in self.questions
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        questions = tuple(
            QuestionResult(
                id=each["id"],
                points=each["points"],
                of=each["of"],
                verdicts=tuple(map(Verdict.from_json, each["verdicts"])),
                text=each["text"],
                missing=tuple(each["missing"]),
                comment=each["comment"],
            )
            for each in data["questions"]
        )
        return cls(
            name=data["name"],
            language=data["language"],
            questions=questions,
            remarks=tuple(map(Verdict.from_json, data["remarks"])),
            student=data["student"],
            handed_in=data["handed_in"],
            sandbox=data["sandbox"],
            seconds=data["seconds"],
        )
