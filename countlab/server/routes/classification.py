"""The classification route: `/explain` shows where in a picture a class was seen."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from countlab.server.middleware.form import FormRoute
from countlab.server.parameters import AnyOptions, LabDependency
from countlab.server.responses import count_answer, signed, wants_json
from countlab.server.schemas import EXPLAIN_RESPONSES, JpegResponse

classification = APIRouter(tags=["classify"], route_class=FormRoute)


@classification.post(
    "/explain",
    summary="Where a class was seen",
    response_class=JpegResponse,
    responses=EXPLAIN_RESPONSES,
)
def explain(
    request: Request, lab: LabDependency, file: UploadFile, options: AnyOptions
) -> Response:
    """The picture with a heat map over it: red where it speaks most for the class.

    Only for models that classify. `object` chooses the class; the likeliest if left out. With
    `Accept: application/json` the answer comes with the map as numbers from 0 to 1.
    """
    prediction = lab.predict(file.file.read(), options)
    explanation = prediction.explain()
    if not wants_json(request):
        drawn = explanation.drawn(prediction.picture.format)
        count_answer(request, prediction)
        headers = {"X-Label": explanation.label, "X-Probability": f"{explanation.probability:.6f}"}
        return Response(drawn, media_type=prediction.picture.media_type, headers=headers)
    answer = {**count_answer(request, prediction), "explanation": explanation.as_json()}
    return signed(request, JSONResponse(answer))
