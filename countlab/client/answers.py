"""What a server answered, as values: the counterpart of `asked`. Knows nothing of asking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PictureAnswer:
    """The picture with boxes; what a plain endpoint does not say stays None."""

    picture: bytes = field(repr=False)
    media_type: str
    count: int | None = None
    counts: Mapping[str, int] | None = None
    model: str | None = None
    engine: str | None = None
    tiles: int | None = None

    @classmethod
    def of(cls, picture: bytes, headers: Mapping[str, str]) -> PictureAnswer:
        count, counts = headers.get("X-Count", ""), headers.get("X-Counts")
        tiles = headers.get("X-Tiles", "")
        return cls(
            picture=picture,
            media_type=headers["Content-Type"].partition(";")[0],
            count=int(count) if count.isdigit() else None,
            counts=json.loads(counts) if counts else None,
            model=headers.get("X-Model"),
            engine=headers.get("X-Engine"),
            tiles=int(tiles) if tiles.isdigit() else None,
        )

    def save(self, path: str | Path) -> Path:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.picture)
        return target


@dataclass(frozen=True)
class CountAnswer:
    """The count and what is needed to judge it; `raw` is the whole JSON as it came."""

    count: int
    counts: Mapping[str, int]
    findings: tuple[Mapping[str, Any], ...] = field(repr=False)
    warnings: tuple[Mapping[str, str], ...]
    model: str | None
    engine: str | None
    milliseconds: Mapping[str, float]
    raw: Mapping[str, Any] = field(repr=False)
    likely: tuple[int, int] | None = None
    """Between which counts the truth lies nine times in ten; None where nobody measured it."""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> CountAnswer:
        likely = found.get("likely")
        return cls(
            count=found["count"],
            counts=found.get("counts", {}),
            findings=tuple(found.get("findings", ())),
            warnings=tuple(found.get("warnings", ())),
            model=found.get("model"),
            engine=found.get("engine"),
            milliseconds=found.get("milliseconds", {}),
            raw=found,
            likely=(likely[0], likely[1]) if likely else None,
        )


@dataclass(frozen=True)
class SweepAnswer:
    """The count at every confidence, from one pass; `raw` is the whole JSON as it came."""

    confidences: tuple[float, ...]
    counts: tuple[int, ...]
    """As many as there are confidences."""
    counts_by_label: tuple[Mapping[str, int], ...] = field(repr=False)
    stable_from: float
    stable_to: float
    stable_count: int
    """What is counted over the longest stretch of confidences, from `stable_from` on."""
    findings: tuple[Mapping[str, Any], ...] = field(repr=False)
    warnings: tuple[Mapping[str, str], ...]
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> SweepAnswer:
        steps, stable = found["steps"], found["stable"]
        return cls(
            confidences=tuple(step["confidence"] for step in steps),
            counts=tuple(step["count"] for step in steps),
            counts_by_label=tuple(step["counts"] for step in steps),
            stable_from=stable["from"],
            stable_to=stable["to"],
            stable_count=stable["count"],
            findings=tuple(found["findings"]),
            warnings=tuple(found["warnings"]),
            raw=found,
        )
