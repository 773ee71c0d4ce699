"""Route `/redraw`: draws the findings of an earlier response onto their picture.

No model runs: a picture that is downloaded with its boxes is counted, and recorded, only once.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, UploadFile

from countlab.errors import CountlabError
from countlab.imaging.annotate import draw
from countlab.imaging.picture import write_picture
from countlab.server.own_answers import AnswerRoute, read_own_answer
from countlab.server.parameters import LabDependency

redraw_router = APIRouter(include_in_schema=False, route_class=AnswerRoute)


@redraw_router.post("/redraw")
def redraw(
    request: Request,
    lab: LabDependency,
    file: UploadFile,
    answer: Annotated[str, Form()],
    signature: Annotated[str, Form()],
) -> Response:
    """The picture as `/predict` would send it; `answer` is one about this very picture."""
    own = read_own_answer(request, answer, signature)
    data = file.file.read()
    if not own.is_about(hashlib.sha256(data).hexdigest()):
        raise CountlabError("answer_not_signed")
    picture = lab.pipeline.read_picture(data)
    drawn = draw(picture.pixels, own.findings)
    return Response(write_picture(drawn, picture.answer_format), media_type=picture.media_type)
