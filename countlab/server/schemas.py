"""What the routes' answers look like in `/docs`: the types of `inference/answer` and examples."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from typing_extensions import NotRequired, TypedDict

from countlab.imaging.picture import FORMATS
from countlab.inference.answer import CountJson, SweepJson
from countlab.server.problems import Problem


class JpegResponse(Response):
    """Named first at /docs, so that a person who tries the route there sees a picture."""

    media_type = "image/jpeg"


_CIRCUMSTANCES = {
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
_COUNT_EXAMPLE = {
    "object": "orange",
    "count": 1,
    "likely": [1, 1],
    "counts": {"orange": 1},
    "findings": [{"label": "orange", "confidence": 0.93, "box": [212, 140, 371, 298]}],
    "warnings": [],
    "confidence": 0.5,
    **_CIRCUMSTANCES,
}
_SWEEP_EXAMPLE = {
    "object": "orange",
    "stable": {"from": 0.22, "to": 0.92, "count": 1},
    "steady": True,
    "steps": [
        {"confidence": 0.2, "count": 2, "counts": {"orange": 2}},
        {"confidence": 0.21, "count": 2, "counts": {"orange": 2}},
        {"confidence": 0.22, "count": 1, "counts": {"orange": 1}},
    ],
    "findings": [
        {"label": "orange", "confidence": 0.93, "box": [212, 140, 371, 298]},
        {"label": "orange", "confidence": 0.214, "box": [20, 300, 61, 342]},
    ],
    "second_labels": [{"label": "lemon", "confidence": 0.02}, None],
    "warnings": [],
    **_CIRCUMSTANCES,
}
_PICTURES: dict[str, Any] = {media_type: {} for media_type in FORMATS.values()}

Responses = dict[int | str, dict[str, Any]]
COUNT_RESPONSES: Responses = {
    200: {
        "model": CountJson,
        "description": "The count; with `Accept: image/*` the picture with boxes.",
        "content": {"application/json": {"example": _COUNT_EXAMPLE}, **_PICTURES},
    }
}
SWEEP_RESPONSES: Responses = {
    200: {
        "model": SweepJson,
        "description": "The count at each confidence (the example shows three of the steps).",
        "content": {"application/json": {"example": _SWEEP_EXAMPLE}},
    }
}
EXPLAIN_RESPONSES: Responses = {
    200: {
        "description": "The heat map over the picture; with `Accept: application/json` numbers.",
        "content": {**_PICTURES, "application/json": {}},
    }
}


class EntryJson(TypedDict):
    """One picture of a batch: its result, or its own problem."""

    name: str | None
    """The file name, as it was sent."""
    result: NotRequired[CountJson]
    problem: NotRequired[Problem]


class BatchJson(TypedDict):
    results: list[EntryJson]
    """In the order in which the pictures were sent."""


BATCH_RESPONSES: Responses = {200: {"model": BatchJson}}
PICTURE_RESPONSES: Responses = {
    200: {
        "description": "The picture with boxes; with `Accept: application/json` the findings.",
        "content": {
            **_PICTURES,
            "application/json": {
                "schema": {"$ref": f"#/components/schemas/{CountJson.__name__}"},
                "example": _COUNT_EXAMPLE,
            },
        },
    }
}
