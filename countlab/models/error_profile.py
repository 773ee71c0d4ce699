"""How far off a model's counts were where the truth was known, and so how many are likely.

Where nothing was measured, nothing is said. Measuring is `evaluate`'s business, keeping it on
disk that of `saved_error`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Tally = tuple[int, int, int]
"""Counted, true, and in how many pictures that was so."""
Steps = Mapping[float, Sequence[Tally]]
Interval = tuple[int, int]

STEPS_PER_ONE = 20  # measured at 0.20, 0.25, … 0.95
# Of 19 differences the least and the greatest leave 5 % outside on either side, in expectation;
# fewer cannot say where nine in ten lie.
_FEWEST = 19
# A label's own pictures of other counts say more than other labels' pictures of this count; but
# a count of 4 is told by those of 1 to 7 at most: errors grow with the count.
_FARTHEST = 0.75


@dataclass(frozen=True)
class ErrorProfile:
    """What was measured of one model in one precision, and the intervals that follow."""

    model: str
    precision: str
    nms: float
    files: Mapping[str, str]
    measured_on: str
    pictures: int
    labels: Mapping[str, Steps]
    everything: Steps
    """All labels of a picture together, where all of them are known."""
    _known: dict[tuple[str | None, float, int], Interval | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    def likely(
        self, label: str | None, *, confidence: float, nms: float, counted: int
    ) -> Interval | None:
        """Where the true count lies nine times in ten; between two steps, where either says."""
        if nms != self.nms:
            return None
        place = round(confidence * STEPS_PER_ONE, 6)
        steps = {step / STEPS_PER_ONE for step in (math.floor(place), math.ceil(place))}
        found = [self._at(label, step, counted) for step in steps]
        known = [interval for interval in found if interval]
        if len(known) < len(found):
            return None
        return min(low for low, _ in known), max(high for _, high in known)

    def _at(self, label: str | None, step: float, counted: int) -> Interval | None:
        key = label, step, counted
        if key not in self._known:
            self._known[key] = interval_of(self._pools(label, step), counted)
        return self._known[key]

    def _pools(self, label: str | None, step: float) -> list[Sequence[Tally]]:
        """The label's own pictures, and where those are too few all labels' pictures."""
        if label is None:
            return [self.everything.get(step, ())]
        if label not in self.labels:
            return []
        each = [steps.get(step, ()) for steps in self.labels.values()]
        return [self.labels[label].get(step, ()), [tally for some in each for tally in some]]

    def as_json(self) -> dict[str, Any]:
        return {
            "about": "counted, true, in how many pictures: by confidence, label by label",
            "model": self.model,
            "precision": self.precision,
            "nms": self.nms,
            "files": dict(self.files),
            "measured_on": self.measured_on,
            "pictures": self.pictures,
            "labels": {label: _steps_as_json(steps) for label, steps in self.labels.items()},
            "everything": _steps_as_json(self.everything),
        }

    def in_brief(self, confidence: float = 0.5) -> dict[str, Any]:
        """What a person wants to know before trusting a count at the usual confidence."""
        return {
            "measured_on": self.measured_on,
            "pictures": self.pictures,
            "precision": self.precision,
            "confidence": confidence,
            "by_label": {
                label: _brief(steps.get(confidence, ())) for label, steps in self.labels.items()
            },
        }


def interval_of(pools: Iterable[Sequence[Tally]], counted: int) -> Interval | None:
    """From the differences seen at this count, or at counts near it, in the first pool that has
    enough of them. To have counted nothing is a case of its own: it can only be too few.
    """
    farthest = math.ceil(counted * _FARTHEST)
    for tallies in pools:
        for reach in range(farthest + 1):
            off = _differences(tallies, counted, reach)
            if len(off) >= _FEWEST:
                outside = (len(off) + 1) // 20  # 5 % on either side
                return max(0, counted + off[outside - 1]), max(0, counted + off[-outside])
    return None


def _differences(tallies: Sequence[Tally], counted: int, reach: int) -> list[int]:
    """True count less what was counted, of each picture in which about so many were counted."""
    return sorted(
        true - seen
        for seen, true, pictures in tallies
        if abs(seen - counted) <= reach and bool(seen) == bool(counted)
        for _ in range(pictures)
    )


def _steps_as_json(steps: Steps) -> dict[str, list[list[int]]]:
    return {f"{step:.2f}": [list(tally) for tally in tallies] for step, tallies in steps.items()}


def _brief(tallies: Sequence[Tally]) -> dict[str, Any]:
    pictures = sum(number for _, _, number in tallies)
    exact = sum(number for seen, true, number in tallies if seen == true)
    off = sum(abs(seen - true) * number for seen, true, number in tallies)
    return {
        "pictures": pictures,
        "exact": round(exact / pictures, 3) if pictures else None,
        "mean_absolute_error": round(off / pictures, 3) if pictures else None,
    }
