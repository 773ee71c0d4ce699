"""Alarms of a model: measured limits beyond which a picture, or a label, deserves a warning.

Both are set by how often they speak where nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countlab.findings import Finding

UNFAMILIAR_ALARMS = 0.04  # share of pictures with something to count that are called unfamiliar
LABEL_ALARMS = 0.07  # share of rightly counted pictures in which a label is called unsure


@dataclass(frozen=True)
class Alarms:
    """None where too few pictures were measured."""

    unfamiliar_below: float | None = None
    """Where nothing is seen above this confidence, the picture is unlike those the model knows."""
    label_unsure_from: float | None = None
    """From this `label_doubt` on, a finding may be of its next label."""

    def is_unfamiliar(self, seen: Sequence[Finding]) -> bool:
        """From everything seen, of any label and however weak."""
        return self.unfamiliar_below is not None and highest(seen) < self.unfamiliar_below

    def with_unsure_label(self, findings: Sequence[Finding]) -> list[Finding]:
        """The findings whose label is in doubt."""
        limit = self.label_unsure_from
        return [one for one in findings if limit is not None and one.label_doubt >= limit]

    def as_json(self) -> dict[str, float | None]:
        return {
            "unfamiliar_below": self.unfamiliar_below,
            "label_unsure_from": self.label_unsure_from,
        }


def alarms_from_json(data: Mapping[str, Any]) -> Alarms:
    names = ("unfamiliar_below", "label_unsure_from")
    values = {name: data.get(name) for name in names}
    return Alarms(**{name: None if v is None else float(v) for name, v in values.items()})


def highest(seen: Sequence[Finding]) -> float:
    """The highest confidence; 0 where nothing was seen."""
    return max((finding.confidence for finding in seen), default=0.0)


def limit_below(values: Sequence[float], share: float) -> float | None:
    """At most this share of further values like these will lie below; None if they are too few."""
    rank = int(share * (len(values) + 1))
    return sorted(values)[rank - 1] if rank else None


def limit_above(values: Sequence[float], share: float) -> float | None:
    """At most this share of further values like these will lie above."""
    limit = limit_below([-value for value in values], share)
    return None if limit is None else -limit
