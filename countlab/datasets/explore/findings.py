"""What stands out in a dataset, as facts and as sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from countlab.datasets.explore.giveaways import Giveaway, giveaways
from countlab.datasets.explore.likeness import Group, duplicates, near_duplicates
from countlab.datasets.explore.survey import Survey

_UNEVEN = 2.0
"""The commonest class has so many times the rarest's pictures."""


@dataclass(frozen=True)
class Findings:
    """Everything worth a look before training."""

    pictures: int
    unlabelled: int
    unreadable: int
    by_label: Mapping[str, int]
    by_part: Mapping[str, int]
    copies: tuple[Group, ...]
    near: tuple[Group, ...]
    giveaways: tuple[Giveaway, ...]

    @property
    def leaks(self) -> list[Group]:
        return [group for group in (*self.copies, *self.near) if group.leaks]

    @property
    def disputed(self) -> list[Group]:
        return [group for group in (*self.copies, *self.near) if group.disputed]

    def groups(self) -> dict[str, list[Group]]:
        """By the heading under which they are shown, the gravest first."""
        return {
            "leaks": self.leaks,
            "disputed": self.disputed,
            "duplicates": list(self.copies),
            "near": list(self.near),
        }

    def sentences(self, words: Mapping[str, str]) -> list[str]:
        numbers = {
            "warn_leak": len(self.leaks),
            "warn_disputed": len(self.disputed),
            "warn_unreadable": self.unreadable,
            "warn_duplicates": sum(len(group.pictures) - 1 for group in self.copies),
            "warn_near": len(self.near),
            "warn_unlabelled": self.unlabelled,
        }
        lines = [words[name].format(number=n) for name, n in numbers.items() if n]
        if not self.by_part:
            lines.append(words["warn_no_split"])
        ordered = sorted(self.by_label.items(), key=lambda item: -item[1])
        if len(ordered) > 1 and ordered[0][1] >= _UNEVEN * ordered[-1][1]:
            share = f"{ordered[0][1] / sum(self.by_label.values()):.0%}"
            lines.append(words["warn_balance"].format(common=ordered[0][0], share=share))
        return [*lines, *(_giveaway(each, words) for each in self.giveaways)]

    def as_json(self) -> dict[str, object]:
        return {
            "pictures": self.pictures,
            "unlabelled": self.unlabelled,
            "unreadable": self.unreadable,
            "classes": dict(self.by_label),
            "parts": dict(self.by_part),
            **{name: [[e.file for e in group.pictures] for group in groups]
               for name, groups in self.groups().items()},
            "giveaways": [each._asdict() for each in self.giveaways],
        }  # fmt: skip


def findings_of(survey: Survey) -> Findings:
    labels = Counter(each.label for each in survey.pictures)
    parts = Counter(each.part for each in survey.pictures if each.part)
    return Findings(
        pictures=len(survey.pictures),
        unlabelled=labels.pop("", 0),
        unreadable=len(survey.unreadable),
        by_label=dict(sorted(labels.items())),
        by_part=dict(sorted(parts.items())),
        copies=tuple(duplicates(survey.pictures)),
        near=tuple(near_duplicates(survey.pictures)),
        giveaways=tuple(giveaways(survey.pictures)),
    )


def _giveaway(each: Giveaway, words: Mapping[str, str]) -> str:
    measure, _, format = each.measure.partition(" ")
    name = words[f"measure_{measure}"].format(format=format)
    area = f"{each.separation:.2f}"
    return words["warn_giveaway"].format(measure=name, label=each.label, area=area)
