"""What the answers look like, for /docs; and which of two renderings a client asked for."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from countlab.imaging.picture import FORMATS


class JpegResponse(Response):
    """Named first at /docs, so that a person who tries the address there sees a picture."""

    media_type = "image/jpeg"


class FindingSchema(BaseModel):
    label: str
    confidence: float
    box: list[int] | None
    """left, top, right, bottom in pixels of the upright picture"""


class WarningSchema(BaseModel):
    code: str
    detail: str
    fix: str


class PictureResponse(BaseModel):
    """What every look at a picture tells, whatever is counted from it."""

    object: str | None = None
    findings: list[FindingSchema]
    warnings: list[WarningSchema]
    model: str
    engine: str
    precision: str
    nms: float
    width: int
    height: int
    tiles: int
    """looked at besides the whole picture"""
    milliseconds: dict[str, float]
    receipt: dict[str, Any]
    """what `countlab verify` needs to count again and compare"""


class CountResponse(PictureResponse):
    """One picture in, one number out, and what is needed to judge it."""

    count: int
    likely: list[int] | None = None
    """from and to which count the truth lies nine times in ten; left out where nobody measured"""
    counts: dict[str, int]
    confidence: float


class Step(BaseModel):
    confidence: float
    count: int
    counts: dict[str, int]


class Stretch(BaseModel):
    first: float = Field(alias="from")
    last: float = Field(alias="to")
    count: int


class SweepResponse(PictureResponse):
    """The count at every confidence, from one pass.

    The findings are all above the engine's floor; the warnings are about the stable count.
    """

    stable: Stretch
    """the longest stretch of confidences with one and the same count"""
    steps: list[Step]
    """from the engine's floor to 0.99, a hundredth apart"""


_LOOKED = {
    "model": "fruits",
    "engine": "cvlib",
    "precision": "f32",
    "nms": 0.45,
    "width": 640,
    "height": 480,
    "tiles": 0,
    "milliseconds": {"decode": 1.9, "find": 12.4},
    "receipt": {"picture_sha256": "e3b0…", "result_sha256": "4f53…"},
}
_EXAMPLE = {
    "object": "orange",
    "count": 1,
    "likely": [1, 1],
    "counts": {"orange": 1},
    "findings": [{"label": "orange", "confidence": 0.93, "box": [212, 140, 371, 298]}],
    "warnings": [],
    "confidence": 0.5,
    **_LOOKED,
}
_PICTURES: dict[str, Any] = {media_type: {} for media_type in FORMATS.values()}
COUNT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": CountResponse,
        "description": "The count; with `Accept: image/*` the picture with boxes.",
        "content": {"application/json": {"example": _EXAMPLE}, **_PICTURES},
    }
}
_SWEPT_EXAMPLE = {
    "object": "orange",
    "stable": {"from": 0.22, "to": 0.92, "count": 1},
    "steps": [
        {"confidence": 0.2, "count": 2, "counts": {"orange": 2}},
        {"confidence": 0.21, "count": 2, "counts": {"orange": 2}},
        {"confidence": 0.22, "count": 1, "counts": {"orange": 1}},
    ],
    "findings": [
        {"label": "orange", "confidence": 0.93, "box": [212, 140, 371, 298]},
        {"label": "orange", "confidence": 0.214, "box": [20, 300, 61, 342]},
    ],
    "warnings": [],
    **_LOOKED,
}
SWEEP_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": SweepResponse,
        "description": "The count at each confidence (the example shows three of the steps).",
        "content": {"application/json": {"example": _SWEPT_EXAMPLE}},
    }
}
PICTURE_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture with boxes; with `Accept: application/json` the findings.",
        "content": {
            **_PICTURES,
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Counted"},
                "example": _EXAMPLE,
            },
        },
    }
}


def wants_json(request: Request) -> bool:
    """Asked for JSON and not for a picture: `*/*` and nothing leave the route's own way."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "image/" not in accept


def wants_picture(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "image/" in accept and "application/json" not in accept
