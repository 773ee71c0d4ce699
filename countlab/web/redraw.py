"""Route `/redraw`: draws the findings of an earlier response onto their picture.

No model runs: a picture that is downloaded with its boxes is counted, and recorded, only once.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response, UploadFile
from pydantic import BaseModel, Json

from countlab.imaging.annotate import draw
from countlab.imaging.picture import read_picture, write_picture
from countlab.inference.prediction import check_object
from countlab.server.middleware.body import FormRoute
from countlab.server.parameters import LabDependency
from countlab.web.schemas import SubmittedFindings

redraw_router = APIRouter(include_in_schema=False, route_class=FormRoute)


class _Answer(BaseModel):
    """The part of a /countObjects response that is drawn."""

    model: str
    findings: SubmittedFindings


@redraw_router.post("/redraw")
def redraw(
    lab: LabDependency, file: UploadFile, answer: Annotated[Json[_Answer], Form()]
) -> Response:
    """The picture as `/predict` would send it."""
    model = lab.pipeline.catalog.find(answer.model)
    for label in {submitted.label for submitted in answer.findings}:
        check_object(
            model, label
        )  # label plates are cached: unknown labels must not fill the memory
    settings = lab.pipeline.settings
    picture = read_picture(
        file.file.read(), max_bytes=settings.max_bytes, max_pixels=settings.max_pixels
    )
    drawn = draw(picture.pixels, [submitted.finding for submitted in answer.findings])
    return Response(write_picture(drawn, picture.format), media_type=picture.media_type)
