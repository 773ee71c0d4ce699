"""The JSON of an answer as types: what is rendered everywhere and what `/docs` shows."""

from __future__ import annotations

from typing import Any

from typing_extensions import NotRequired, TypedDict


class FindingJson(TypedDict):
    label: str
    confidence: float
    box: list[int] | None
    """Left, top, right, bottom in pixels of the upright picture."""


class SecondLabelJson(TypedDict):
    """What a finding would be if it were not of its own label."""

    label: str
    confidence: float


class WarningJson(TypedDict):
    code: str
    detail: str
    fix: str


class PictureJson(TypedDict):
    """What every answer about one picture says."""

    object: str | None
    findings: list[FindingJson]
    warnings: list[WarningJson]
    model: str
    engine: str
    precision: str
    nms: float
    width: int
    height: int
    tiles: int
    """Looked at besides the whole picture."""
    milliseconds: dict[str, float]
    receipt: dict[str, Any]
    """What `countlab verify` needs to count again and compare."""


class CountJson(PictureJson):
    """One picture in, one number out, and what is needed to judge it."""

    count: int
    likely: NotRequired[list[int]]
    """The true count lies between these nine times in ten; left out where nobody measured."""
    counts: dict[str, int]
    confidence: float
    probabilities: NotRequired[dict[str, float]]
    """Of every label, the likeliest first; only from models that classify."""


class StepJson(TypedDict):
    confidence: float
    count: int
    counts: dict[str, int]


StretchJson = TypedDict("StretchJson", {"from": float, "to": float, "count": int})


class SweepJson(PictureJson):
    """The count at every confidence, from one pass.

    The findings are all above the engine's floor; the warnings are about the stable count.
    """

    stable: StretchJson
    """The longest stretch of confidences with the same count; empty only if all are."""
    steady: bool
    """Whether that count can be recommended; false where the count hangs on the confidence."""
    steps: list[StepJson]
    """From the engine's floor to 0.99, a hundredth apart."""
    second_labels: NotRequired[list[SecondLabelJson | None]]
    """Of each finding; left out where the engine does not tell."""
