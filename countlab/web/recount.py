"""Counts again among findings that a sweep has brought: one object, one part of the picture.

No picture arrives here and no model runs; the rules of counting are those of every other answer.
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
from countlab.models.error_profile_file import load_error_profile
from countlab.server.lab import Lab
from countlab.server.language import language_of
from countlab.server.parameters import TheLab
from countlab.server.schemas import Step, SweepResponse
from countlab.web.schemas import Confidence, Edges, SubmittedFindings

recount_router = APIRouter(include_in_schema=False)


class _Step(Step):
    confidence: Confidence


class _Answer(SweepResponse):
    """What /sweep told."""

    findings: SubmittedFindings  # type: ignore[assignment]
    steps: list[_Step] = Field(min_length=1, max_length=100)  # type: ignore[assignment]
    width: int = Field(ge=1, le=1_000_000)
    height: int = Field(ge=1, le=1_000_000)


class _Recount(BaseModel):
    answer: _Answer
    object: str | None = None
    region: Edges | None = None


@recount_router.post("/recount")
def recount(asked: _Recount, lab: TheLab, request: Request) -> dict[str, Any]:
    """The sweep over these findings alone; each step with its own warnings."""
    language = language_of(request)
    whole = _as_found(asked.answer, lab)
    chosen = whole if asked.object is None else whole.of(asked.object)
    if asked.region is not None:
        region = Box(*asked.region)
        inside = tuple(finding for finding in chosen.findings if _lies_in(region, finding))
        chosen = replace(chosen, findings=inside, error=None)  # measured on whole pictures
    about_picture = _about_picture(asked.answer, whole, language)
    sweep = Sweep(chosen)
    return {
        **sweep.as_json(language),
        "steps": [
            _step(chosen.at(step.confidence), about_picture, language) for step in sweep.steps
        ],
        "colours": {label: _web_colour(label) for label in {f.label for f in chosen.findings}},
    }


def _as_found(answer: _Answer, lab: Lab) -> Prediction:
    """The prediction that the sweep was made of; of its picture only the size matters here."""
    model = lab.pipeline.catalog.find(answer.model)
    size = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (answer.height, answer.width, 3))
    return Prediction(
        picture=Picture(size, "PNG"),
        findings=tuple(found.finding for found in answer.findings),
        model=model,
        engine=answer.engine,
        precision=answer.precision,
        floor=answer.steps[0].confidence,
        confidence=answer.steps[0].confidence,
        nms=answer.nms,
        milliseconds=answer.milliseconds,
        tiles=answer.tiles,
        error=load_error_profile(model, answer.precision, lab.pipeline.settings.home),
    )


def _about_picture(answer: _Answer, whole: Prediction, language: Language) -> list[dict[str, str]]:
    """Warnings that hold whatever is counted, such as a picture that was turned upright."""
    about_findings = {warning["code"] for warning in Sweep(whole).as_json(language)["warnings"]}
    return [
        warning.model_dump() for warning in answer.warnings if warning.code not in about_findings
    ]


def _step(
    prediction: Prediction, about_picture: list[dict[str, str]], language: Language
) -> dict[str, Any]:
    return {
        "confidence": prediction.confidence,
        "count": prediction.count,
        "likely": prediction.likely,
        "counts": count_by_label(prediction.findings),
        "warnings": about_picture + [doubt.as_json(language) for doubt in prediction.doubts],
    }


def _lies_in(region: Box, finding: Finding) -> bool:
    """By the centre of its box, so that neighbouring regions never count an object twice."""
    if finding.box is None:
        return False
    x = (finding.box.left + finding.box.right) / 2
    y = (finding.box.top + finding.box.bottom) / 2
    return region.left <= x < region.right and region.top <= y < region.bottom


def _web_colour(label: str) -> str:
    blue, green, red = label_color(label)
    return f"#{red:02x}{green:02x}{blue:02x}"
