"""Drift: each day of a model's answers held against its profile, and when to say so.

The rule: a day with enough pictures alarms when a distribution has moved far (PSI above 0.25) and
chance does not explain it (p below 0.01), or when unfamiliar pictures are surely more than three
times as frequent as they should be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from countlab.errors import CountlabError
from countlab.models.answer_profile import AnswerProfile
from countlab.monitoring.daily import Day, together
from countlab.monitoring.distances import (
    aligned,
    chi_squared,
    kolmogorov_smirnov,
    population_stability,
)

REFERENCE_DAYS = 7


@dataclass(frozen=True)
class Rule:
    """When a day alarms."""

    least_pictures: int = 30
    far: float = 0.25
    chance: float = 0.01
    unfamiliar_times: float = 3.0


@dataclass(frozen=True)
class Judged:
    """One day with its distances; `alarms` names what moved: labels, confidences, unfamiliar."""

    day: Day
    labels: float
    confidences: float
    unfamiliar: float
    """The share of the day's pictures."""
    alarms: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "day": self.day.day.isoformat(),
            "pictures": self.day.answers.pictures,
            "mean_count": round(self.day.mean_count, 3),
            "mean_confidence": self.day.mean_confidence,
            "labels_psi": round(self.labels, 4),
            "confidences_psi": round(self.confidences, 4),
            "unfamiliar": round(self.unfamiliar, 4),
            "versions": list(self.day.versions),
            "alarms": list(self.alarms),
        }


@dataclass(frozen=True)
class Drift:
    """All days of one model."""

    model: str
    reference: AnswerProfile
    days: tuple[Judged, ...]
    rule: Rule

    @property
    def alarms(self) -> bool:
        """Whether the last day alarms: earlier ones are history."""
        return bool(self.days and self.days[-1].alarms)

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "reference": asdict(self.reference),
            "rule": asdict(self.rule),
            "days": [day.as_json() for day in self.days],
            "alarms": self.alarms,
        }


def judge_days(
    model: str, days: Sequence[Day], profile: AnswerProfile | None, rule: Rule | None = None
) -> Drift:
    """Without a profile the first week of answers stands in for it."""
    rule = rule or Rule()
    if profile is None:
        first = days[:REFERENCE_DAYS]
        if len(days) <= REFERENCE_DAYS:
            raise CountlabError(
                "no_profile", model=model, days=len(days), needed=REFERENCE_DAYS + 1
            )
        measured = f"{first[0].day} – {first[-1].day}"
        profile, days = together(first, measured_on=measured), days[REFERENCE_DAYS:]
    return Drift(model, profile, tuple(_judge(day, profile, rule) for day in days), rule)


def _judge(day: Day, profile: AnswerProfile, rule: Rule) -> Judged:
    now = day.answers
    labels = aligned(profile.labels, now.labels)
    sure = profile.confidences, now.confidences
    label_distance = population_stability(*labels)
    sure_distance = population_stability(*sure)
    alarms = []
    if now.pictures >= rule.least_pictures:
        if label_distance > rule.far and chi_squared(*labels) < rule.chance:
            alarms.append("labels")
        if sure_distance > rule.far and kolmogorov_smirnov(*sure) < rule.chance:
            alarms.append("confidences")
        if _surely_above(now, rule.unfamiliar_times * _usual_share(profile), rule.chance):
            alarms.append("unfamiliar")
    share = now.unfamiliar / max(1, now.pictures)
    return Judged(day, label_distance, sure_distance, share, tuple(alarms))


def _usual_share(profile: AnswerProfile) -> float:
    """Never zero: a few pictures without one do not prove that there are none."""
    return (profile.unfamiliar + 1) / (profile.pictures + 2)


def _surely_above(now: AnswerProfile, share: float, chance: float) -> bool:
    """Whether so many would come by chance that rarely, were this the true share."""
    if share >= 1:
        return False
    n, k = now.pictures, now.unfamiliar
    terms = (
        math.exp(
            math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
            + i * math.log(share) + (n - i) * math.log1p(-share)
        )
        for i in range(k, n + 1)
    )  # fmt: skip
    return k > 0 and sum(terms) < chance
