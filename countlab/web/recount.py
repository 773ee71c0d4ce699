"""Route `/recount`: counts one object or one region among the findings of an earlier sweep.

No model runs and no picture is uploaded; counts, ranges and warnings come from the same code as
those of every other response.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from countlab.findings import Box, Finding, count_by_label
from countlab.imaging.annotate import label_color
from countlab.imaging.picture import Picture
from countlab.inference.prediction import Prediction
from countlab.inference.sweep import Sweep
from countlab.messages import Language
from countlab.models.error_profile import load_error_profile
from countlab.options import PredictOptions
from countlab.server.lab import Lab
from countlab.server.language import language_of
from countlab.server.middleware.form import FormRoute
from countlab.server.own_answers import MAX_ANSWER_BYTES, OwnAnswer, read_own_answer
from countlab.server.parameters import LabDependency
from countlab.system.deadline import check_deadline
from countlab.web.schemas import Edges

recount_router = APIRouter(include_in_schema=False, route_class=FormRoute)


class _Recount(BaseModel):
    answer: str = Field(max_length=MAX_ANSWER_BYTES)
    """An earlier response of /sweep, byte for byte."""
    signature: str = Field(max_length=200)
    object: str | None = Field(None, max_length=200)
    region: Edges | None = None


@recount_router.post("/recount")
def recount(body: _Recount, lab: LabDependency, request: Request) -> dict[str, Any]:
    """The sweep of the selected findings; each step has its own warnings."""
    language = language_of(request)
    answer = read_own_answer(request, body.answer, body.signature)
    prediction = _rebuild_prediction(answer, lab)
    selected = prediction if body.object is None else prediction.of(body.object)
    if body.region is not None:
        region = Box(*body.region)
        inside = tuple(finding for finding in selected.findings if _is_in(region, finding))
        # The error profile was measured on whole pictures.
        selected = replace(selected, findings=inside, error_profile=None)
    picture_warnings = _picture_warnings(answer, prediction, language)
    sweep = Sweep(selected)
    steps = []
    for step in sweep.steps:
        check_deadline()
        steps.append(_step(selected.at(step.confidence), picture_warnings, language))
    return {
        **sweep.as_json(language),
        "steps": steps,
        "colours": {label: _css_color(label) for label in {f.label for f in selected.findings}},
    }


def _rebuild_prediction(answer: OwnAnswer, lab: Lab) -> Prediction:
    """The prediction behind the sweep; its picture is black, only its size is used."""
    content = answer.content
    model = lab.pipeline.catalog.find(content["model"])
    size = content["height"], content["width"], 3
    pixels = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), size)
    return Prediction(
        picture=Picture(pixels, "PNG"),
        findings=answer.findings,
        seen=answer.findings,
        model=model,
        engine=content["engine"],
        precision=content["precision"],
        floor=answer.floor,
        options=PredictOptions(confidence=answer.floor, nms=content["nms"]),
        milliseconds=content["milliseconds"],
        tiles=content["tiles"],
        error_profile=load_error_profile(model, content["precision"], lab.pipeline.settings.home),
    )


def _picture_warnings(
    answer: OwnAnswer, prediction: Prediction, language: Language
) -> list[dict[str, str]]:
    """Warnings about the picture itself, such as one that was rotated upright."""
    finding_codes = {warning["code"] for warning in Sweep(prediction).as_json(language)["warnings"]}
    return [
        warning for warning in answer.content["warnings"] if warning["code"] not in finding_codes
    ]


def _step(
    prediction: Prediction, picture_warnings: list[dict[str, str]], language: Language
) -> dict[str, Any]:
    return {
        "confidence": prediction.confidence,
        "count": prediction.count,
        "likely": prediction.likely,
        "counts": count_by_label(prediction.findings),
        "warnings": picture_warnings
        + [warning.as_json(language) for warning in prediction.warnings],
    }


def _is_in(region: Box, finding: Finding) -> bool:
    """By the center of its box, so that adjacent regions never count an object twice."""
    if finding.box is None:
        return False
    x = (finding.box.left + finding.box.right) / 2
    y = (finding.box.top + finding.box.bottom) / 2
    return region.left <= x < region.right and region.top <= y < region.bottom


def _css_color(label: str) -> str:
    blue, green, red = label_color(label)
    return f"#{red:02x}{green:02x}{blue:02x}"
