"""The rubric as data: questions, their checks, and how verdicts become points."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from countlab.grading.judging.verdict import Verdict
from countlab.messages import Language
from countlab.system.toml import read_toml

_PART_WORDS = 8
_ITEM_WORDS = 6


@dataclass(frozen=True)
class Check:
    """One thing that is looked at, with its share of the question's points."""

    id: str
    share: float
    title: Mapping[str, str]
    requires: str = ""


@dataclass(frozen=True)
class Question:
    """One question; a person marks it where it has no checks."""

    id: str
    points: float
    title: Mapping[str, str]
    notebook: str
    checks: tuple[Check, ...] = ()
    parts: tuple[Mapping[str, Any], ...] = ()
    items: int = 0

    @property
    def by_person(self) -> bool:
        return not self.checks


@dataclass(frozen=True)
class QuestionResult:
    """What a question reached; `points` is None until a person has marked it."""

    id: str
    points: float | None
    of: float
    verdicts: tuple[Verdict, ...] = ()
    text: str = ""
    missing: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True)
class Rubric:
    """All questions, in order."""

    questions: tuple[Question, ...]
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def points(self) -> float:
        return sum(question.points for question in self.questions)

    def question(self, identifier: str) -> Question:
        return next(each for each in self.questions if each.id == identifier)


@cache
def read_rubric(path: Path | None = None) -> Rubric:
    """The course's own rubric, or another file of the same form."""
    source = path or Path(__file__).with_name("rubric.toml")
    content = read_toml(source)
    questions = tuple(_question(entry) for entry in content["question"])
    titles = {check.id: check.title for each in questions for check in each.checks}
    return Rubric(questions, titles)


def _question(entry: Mapping[str, Any]) -> Question:
    checks = tuple(
        Check(
            each["id"],
            float(each["share"]),
            {"en": each["en"], "es": each["es"]},
            each.get("requires", ""),
        )
        for each in entry.get("checks", ())
    )
    if checks and abs(sum(check.share for check in checks) - 1) > 1e-6:
        raise ValueError(f"the shares of {entry['id']} do not add up to 1")
    return Question(
        id=entry["id"],
        points=float(entry["points"]),
        title=entry["title"],
        notebook=entry["notebook"],
        checks=checks,
        parts=tuple(entry.get("parts", ())),
        items=int(entry.get("items", 0)),
    )


def score(question: Question, verdicts: Sequence[Verdict], reason: Verdict) -> QuestionResult:
    """Points of a question; a check without a verdict gets none, and says why with `reason`."""
    found = {verdict.check: verdict for verdict in verdicts}
    complete, points = [], 0.0
    for check in question.checks:
        verdict = found.get(check.id)
        required = found.get(check.requires) if check.requires else None
        if check.requires and (required is None or required.credit <= 0):
            if verdict is None or verdict.credit > 0:  # else it has a reason of its own
                verdict = Verdict(check.id, 0, "grade_depends", {"requires": check.requires})
        elif verdict is None:
            verdict = Verdict(check.id, 0, reason.code, reason.facts)
        complete.append(verdict)
        points += question.points * check.share * verdict.credit
    return QuestionResult(question.id, round(points, 4), question.points, tuple(complete))


def written(question: Question, text: str, starter: str, language: Language) -> QuestionResult:
    """A question for a person: its text, and which parts were not answered."""
    given = set(starter.splitlines())
    lines = [line for line in text.splitlines() if line.strip() and line not in given]
    missing = tuple(
        str(part[language])
        for part in question.parts
        if not _answered(text, given, tuple(part["words"]))
    )
    items = sum(_words(line) >= _ITEM_WORDS for line in lines)
    if question.items and items < question.items:
        missing = (f"{items}/{question.items}",)
    body = "\n".join(lines)
    return QuestionResult(question.id, None if body else 0.0, question.points, (), body, missing)


def _answered(text: str, given: set[str], words: tuple[str, ...]) -> bool:
    """Enough new words stand below the line that names the part, or in it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if any(word in line.lower() for word in words):
            count = 0 if line in given else _words(line)
            for below in lines[number + 1 :]:
                if below.lstrip().startswith("#") or below.lstrip().startswith("**"):
                    break
                count += 0 if below in given else _words(below)
            if count >= _PART_WORDS:
                return True
    return False


def _words(line: str) -> int:
    return len(re.findall(r"[^\W\d_]{2,}", line))
