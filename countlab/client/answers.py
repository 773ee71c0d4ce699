"""The server's responses as values. Independent of HTTP requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from countlab.client.saving import save_picture
from countlab.errors import CountlabError


@dataclass(frozen=True)
class PictureAnswer:
    """A picture with boxes; fields that a plain endpoint does not send are None."""

    picture: bytes = field(repr=False)
    media_type: str
    count: int | None = None
    counts: Mapping[str, int] | None = None
    model: str | None = None
    engine: str | None = None
    tiles: int | None = None

    @classmethod
    def from_response(cls, picture: bytes, headers: Mapping[str, str]) -> PictureAnswer:
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
        """Writes the file, in the format of its name: `x.png` is a PNG, or is refused."""
        return save_picture(self.picture, self.media_type, Path(path))


@dataclass(frozen=True)
class ExplainAnswer:
    """A picture with a heat map: where it speaks for a class, and how likely that class is."""

    picture: bytes = field(repr=False)
    media_type: str
    label: str
    probability: float

    @classmethod
    def from_response(cls, picture: bytes, headers: Mapping[str, str]) -> ExplainAnswer:
        return cls(
            picture=picture,
            media_type=headers["Content-Type"].partition(";")[0],
            label=headers["X-Label"],
            probability=float(headers["X-Probability"]),
        )

    def save(self, path: str | Path) -> Path:
        return save_picture(self.picture, self.media_type, Path(path))


@dataclass(frozen=True)
class CountAnswer:
    """A count, with its findings and warnings; `raw` is the complete JSON."""

    count: int
    counts: Mapping[str, int]
    findings: tuple[Mapping[str, Any], ...] = field(repr=False)
    warnings: tuple[Mapping[str, str], ...]
    model: str | None
    engine: str | None
    milliseconds: Mapping[str, float]
    raw: Mapping[str, Any] = field(repr=False)
    likely: tuple[int, int] | None = None
    """The true count is in this range nine times out of ten; None where it was not measured."""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    """Of every label, the likeliest first; empty from a detector."""

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> CountAnswer:
        likely = body.get("likely")
        return cls(
            count=body["count"],
            counts=body.get("counts", {}),
            findings=tuple(body.get("findings", ())),
            warnings=tuple(body.get("warnings", ())),
            model=body.get("model"),
            engine=body.get("engine"),
            milliseconds=body.get("milliseconds", {}),
            raw=body,
            likely=(likely[0], likely[1]) if likely else None,
            probabilities=body.get("probabilities", {}),
        )


@dataclass(frozen=True)
class BatchAnswer:
    """One picture of a batch: its answer, or the reason why there is none."""

    name: str
    answer: CountAnswer | None = None
    error: CountlabError | None = None


@dataclass(frozen=True)
class SweepAnswer:
    """The count at each confidence, from one inference; `raw` is the complete JSON."""

    confidences: tuple[float, ...]
    counts: tuple[int, ...]
    """One for each of the confidences."""
    counts_by_label: tuple[Mapping[str, int], ...] = field(repr=False)
    stable_from: float
    stable_to: float
    stable_count: int
    """The count of the longest range of confidences with the same count."""
    findings: tuple[Mapping[str, Any], ...] = field(repr=False)
    warnings: tuple[Mapping[str, str], ...]
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SweepAnswer:
        steps, stable = body["steps"], body["stable"]
        return cls(
            confidences=tuple(step["confidence"] for step in steps),
            counts=tuple(step["count"] for step in steps),
            counts_by_label=tuple(step["counts"] for step in steps),
            stable_from=stable["from"],
            stable_to=stable["to"],
            stable_count=stable["count"],
            findings=tuple(body["findings"]),
            warnings=tuple(body["warnings"]),
            raw=body,
        )
