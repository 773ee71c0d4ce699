"""Ground truth of one picture: counts by object, and boxes where they are annotated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple


class TrueBox(NamedTuple):
    """An annotated object, in fractions of the picture's width and height."""

    label: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class GroundTruth:
    """A picture and its true counts; `boxes` is None where positions were not annotated."""

    name: str
    path: Path
    counts: Mapping[str, int]
    boxes: tuple[TrueBox, ...] | None = None

    def only(self, objects: Sequence[str]) -> GroundTruth:
        """The same picture restricted to these objects."""
        counts = {label: count for label, count in self.counts.items() if label in objects}
        boxes = self.boxes and tuple(box for box in self.boxes if box.label in objects)
        return replace(self, counts=counts, boxes=boxes)
