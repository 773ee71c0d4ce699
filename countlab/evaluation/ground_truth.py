"""What is known about one picture: how many of each object, and where, if that is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple


class TrueBox(NamedTuple):
    """Where an object is, as shares of the picture's width and height."""

    label: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class GroundTruth:
    """A picture and what is known to be in it; without `boxes`, where it is was not said."""

    name: str
    path: Path
    counts: Mapping[str, int]
    boxes: tuple[TrueBox, ...] | None = None

    def of(self, objects: Sequence[str]) -> GroundTruth:
        """Only what is known of these objects."""
        boxes = self.boxes and tuple(box for box in self.boxes if box.label in objects)
        return replace(
            self, counts={x: n for x, n in self.counts.items() if x in objects}, boxes=boxes
        )
