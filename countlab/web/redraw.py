"""Draws findings that an answer has brought onto their picture, without counting again.

So a picture that was counted and is then downloaded with its boxes was counted once.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response, UploadFile
from pydantic import BaseModel, Json

from countlab.imaging.annotate import draw
from countlab.imaging.picture import read_picture, write_picture
from countlab.inference.prediction import check_object
from countlab.server.middleware.body import FormRoute
from countlab.server.parameters import TheLab
from countlab.web.schemas import SubmittedFindings

redraw_router = APIRouter(include_in_schema=False, route_class=FormRoute)


class _Answer(BaseModel):
    """What /countObjects told, as far as it can be seen."""

    model: str
    findings: SubmittedFindings


@redraw_router.post("/redraw")
def redraw(lab: TheLab, file: UploadFile, answer: Annotated[Json[_Answer], Form()]) -> Response:
    """The picture as `/predict` would send it."""
    model = lab.pipeline.catalog.find(answer.model)
    for label in {found.label for found in answer.findings}:
        check_object(model, label)  # the plates of known labels alone are kept in memory
    settings = lab.pipeline.settings
    picture = read_picture(
        file.file.read(), max_bytes=settings.max_bytes, max_pixels=settings.max_pixels
    )
    drawn = draw(picture.pixels, [found.finding for found in answer.findings])
    return Response(write_picture(drawn, picture.format), media_type=picture.media_type)
