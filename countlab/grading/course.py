"""The course's own settings: scale, deadline, penalty, from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from countlab.errors import CountlabError
from countlab.grading.result import Result
from countlab.messages import Language
from countlab.system.toml import read_toml

_HALF_UP = 1e-9


@dataclass(frozen=True)
class Scale:
    """From the lowest to the highest grade; straight, or with a bend where one passes."""

    name: str
    low: float
    high: float
    decimals: int
    passing_grade: float | None = None
    passing_share: float | None = None

    def grade(self, share: float) -> float:
        share = min(1.0, max(0.0, share))
        if self.passing_grade is None or self.passing_share is None:
            return self.low + (self.high - self.low) * share
        if share < self.passing_share:
            return self.low + (self.passing_grade - self.low) * share / self.passing_share
        above = (share - self.passing_share) / (1 - self.passing_share)
        return self.passing_grade + (self.high - self.passing_grade) * above

    def rounded(self, grade: float) -> float:
        """Half a step goes up."""
        factor = 10.0**self.decimals
        return int(grade * factor + 0.5 + _HALF_UP) / factor


SCALES = {
    "1-7": Scale("1-7", 1, 7, 1),
    "0-100": Scale("0-100", 0, 100, 0),
    "0-20": Scale("0-20", 0, 20, 1),
}


@dataclass(frozen=True)
class Course:
    """What an instructor decides."""

    scale: Scale = SCALES["1-7"]
    deadline: datetime | None = None
    holidays: frozenset[date] = frozenset()
    penalty: float = 0.5
    """For each working day late."""
    penalty_on: str = "grade"
    """`grade` (on the scale) or `points`."""
    language: Language = "en"
    title: str = "countlab"
    received: Mapping[str, datetime] = field(default_factory=dict)
    """When a submission came in, by its name, where the file's own time is not it."""

    def late_days(self, result: Result) -> int:
        """Working days from the deadline on; a day that has begun counts."""
        stated = self.received.get(result.name)
        came = stated or (datetime.fromisoformat(result.handed_in) if result.handed_in else None)
        if self.deadline is None or came is None:
            return 0
        came = came.astimezone(self.deadline.tzinfo or timezone.utc)
        if came <= self.deadline:
            return 0
        last = came.date()
        while not self._works(last):  # handed in at the weekend is handed in on Monday
            last += timedelta(days=1)
        days = (last - self.deadline.date()).days
        later = [self.deadline.date() + timedelta(days=number) for number in range(1, days + 1)]
        return max(1, sum(self._works(day) for day in later))

    def grade(self, result: Result) -> float:
        """On the scale, late days taken off, never below the lowest."""
        off = self.penalty * self.late_days(result)
        points = result.points - (off if self.penalty_on == "points" else 0)
        grade = self.scale.grade(points / result.of) - (off if self.penalty_on == "grade" else 0)
        return self.scale.rounded(max(self.scale.low, grade))

    def _works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.holidays


def read_course(path: Path | None) -> Course:
    """From `grading.toml`; everything has a default."""
    if path is None:
        return Course()
    try:
        content = read_toml(path)
        return Course(
            scale=_scale(content),
            deadline=_moment(content.get("deadline")),
            holidays=frozenset(content.get("holidays", ())),
            penalty=float(content.get("penalty", 0.5)),
            penalty_on=_one_of(content.get("penalty_on", "grade"), ("grade", "points")),
            language="es" if content.get("language") == "es" else "en",
            title=str(content.get("title", "countlab")),
            received={
                name: moment
                for name, value in content.get("received", {}).items()
                if (moment := _moment(value)) is not None
            },
        )
    except (OSError, ValueError, TypeError, AttributeError) as reason:
        raise CountlabError("grade_bad_config", file=path, reason=reason) from reason


def _scale(content: Mapping[str, Any]) -> Scale:
    scale = SCALES[_one_of(content.get("scale", "1-7"), tuple(SCALES))]
    if "passing_share" not in content:
        return scale
    middle = content.get("passing_grade", (scale.low + scale.high) / 2)
    share = float(content["passing_share"])
    if not 0 < share < 1:
        raise ValueError(f"passing_share is {share}; it lies between 0 and 1")
    return Scale(scale.name, scale.low, scale.high, scale.decimals, float(middle), share)


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise ValueError(f"“{value}” is no moment: write 2026-11-30T23:59:00-03:00")
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def _one_of(value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"“{value}” is not one of {', '.join(allowed)}")
    return str(value)
