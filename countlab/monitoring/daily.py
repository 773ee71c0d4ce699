"""Rows of the history summed by day: how many pictures, of which labels, how sure, how unlike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timezone
from typing import Any

from countlab.models.answer_profile import UNFAMILIAR, Answer, AnswerProfile, profile_of


@dataclass(frozen=True)
class Day:
    """What a model answered on one day, in UTC."""

    day: date
    answers: AnswerProfile
    versions: tuple[str, ...] = ()
    """The registered versions that answered."""

    @property
    def mean_count(self) -> float:
        return sum(self.answers.labels.values()) / max(1, self.answers.pictures)

    @property
    def mean_confidence(self) -> float | None:
        """From the middles of its tenths."""
        bins = self.answers.confidences
        if not sum(bins):
            return None
        return sum((at + 0.5) / len(bins) * n for at, n in enumerate(bins)) / sum(bins)


def daily(rows: Iterable[Mapping[str, Any]]) -> list[Day]:
    """The days on which something was asked, the oldest first."""
    answers: dict[date, list[Answer]] = defaultdict(list)
    versions: dict[date, dict[str, None]] = defaultdict(dict)
    for row in rows:
        day = row["time"].astimezone(timezone.utc).date()
        unfamiliar = UNFAMILIAR in row["warnings"]
        answers[day].append(Answer(row["counts"], row["mean_confidence"], unfamiliar))
        if version := row["receipt"].get("model_version"):
            versions[day][str(version)] = None
    return [Day(day, profile_of(answers[day]), tuple(versions[day])) for day in sorted(answers)]


def together(days: Iterable[Day], *, measured_on: str = "") -> AnswerProfile:
    """Several days as one profile."""
    labels: dict[str, int] = defaultdict(int)
    pictures = unfamiliar = 0
    bins: list[int] = []
    for day in days:
        found = day.answers
        pictures, unfamiliar = pictures + found.pictures, unfamiliar + found.unfamiliar
        bins = [a + b for a, b in zip(bins or [0] * 10, found.confidences, strict=True)]
        for label, number in found.labels.items():
            labels[label] += number
    return AnswerProfile(pictures, dict(labels), tuple(bins or [0] * 10), unfamiliar, measured_on)
