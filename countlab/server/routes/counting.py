"""The addresses that count: `/predict` and `/countObjects` render one `Prediction` in two ways."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from countlab.errors import CountlabError
from countlab.inference.prediction import Prediction
from countlab.inference.sweep import Sweep
from countlab.inference.tiling import check_tiles
from countlab.server.language import language_of
from countlab.server.middleware.body import FormRoute
from countlab.server.parameters import (
    IsAsked,
    IsAskedAtAny,
    IsSent,
    Object,
    Plural,
    TheLab,
)
from countlab.server.plurals import label_of
from countlab.server.problems import problem_of
from countlab.server.recording import tell
from countlab.server.schemas import (
    COUNT_RESPONSES,
    PICTURE_RESPONSES,
    SWEEP_RESPONSES,
    CountResponse,
    JpegResponse,
    wants_json,
    wants_picture,
)

counting = APIRouter(tags=["count"], route_class=FormRoute)


@counting.post(
    "/predict",
    summary="The picture with boxes",
    response_class=JpegResponse,
    responses=PICTURE_RESPONSES,
)
def predict(request: Request, sent: IsSent) -> Response:
    """Sends the picture back, in the format it came in, with a box around each finding.

    With `Accept: application/json` the findings come as JSON instead.
    """
    answer = _as_json if wants_json(request) else _as_picture
    return answer(sent.predicted(), request)


@counting.post("/countObjects", summary="How many objects?", responses=COUNT_RESPONSES)
def count_objects(request: Request, sent: IsSent, object: Object = None) -> Response:
    """Counts what is in the picture: in all, by label, or only one label with `object=`.

    With `Accept: image/*` the picture with boxes comes instead, the count in `X-Count`.
    """
    prediction = sent.predicted()
    return _counted(prediction if object is None else prediction.of(object), request)


@counting.post("/sweep", summary="The count at every confidence", responses=SWEEP_RESPONSES)
def sweep(
    request: Request,
    lab: TheLab,
    file: UploadFile,
    asked: IsAskedAtAny,
    object: Object = None,
) -> Response:
    """One pass over the picture, and what each confidence would count, a hundredth apart.

    `stable` is the longest stretch of confidences with one and the same count. A count that holds
    over a long stretch does not hang on the confidence chosen; `warnings` are about that count.
    """
    swept = lab.sweep(file.file.read(), **asked)
    if object is not None:
        swept = Sweep(swept.prediction.of(object))
    stable = tell(request, swept.prediction.at(swept.stable.first))
    told = {"object": object, **swept.as_json(language_of(request))}
    return JSONResponse({**told, "warnings": stable["warnings"], "receipt": stable["receipt"]})


@counting.post(
    "/predict/single", summary="Findings in one picture, as JSON", response_model=CountResponse
)
def predict_single(request: Request, sent: IsSent) -> Response:
    """What `/predict` finds, always as JSON: for programs that cannot set `Accept`."""
    return _as_json(sent.predicted(), request)


@counting.post("/predict/batch", summary="Findings in many pictures, as JSON")
def predict_batch(
    request: Request,
    lab: TheLab,
    files: list[UploadFile],
    asked: IsAsked,
) -> dict[str, Any]:
    """Each picture has its own result or its own error: one bad file does not spoil the rest."""
    allowed = lab.pipeline.settings.max_batch
    if len(files) > allowed:
        raise CountlabError("too_many_pictures", arrived=len(files), allowed=allowed)
    lab.pipeline.catalog.find(asked["model"] or lab.pipeline.settings.default_model)
    check_tiles(asked["tiles"])
    language = language_of(request)
    results: list[dict[str, Any]] = []
    for file in files:
        try:
            data = file.file.read()
            prediction = lab.predict(data, **asked)
            results.append({"name": file.filename, "result": tell(request, prediction, more=True)})
        except CountlabError as error:
            results.append({"name": file.filename, "problem": problem_of(error, language)})
    return {"results": results}


@counting.post("/count{plural}", summary="How many of one object?", responses=COUNT_RESPONSES)
def count_plural(request: Request, sent: IsSent, plural: Plural) -> Response:
    """`/countOranges`, `/countApples`, …: the plural of any label the model knows."""
    prediction = sent.predicted()
    return _counted(prediction.of(label_of(plural, prediction.model)), request)


def _counted(prediction: Prediction, request: Request) -> Response:
    answer = _as_picture if wants_picture(request) else _as_json
    return answer(prediction, request)


def _as_json(prediction: Prediction, request: Request) -> JSONResponse:
    return JSONResponse(tell(request, prediction))


def _as_picture(prediction: Prediction, request: Request) -> Response:
    """In one piece, with what a client would otherwise have to ask for again."""
    drawn = prediction.drawn  # before the row is kept: while one waits for the disk, others draw
    told = tell(request, prediction)
    headers = {
        "X-Count": str(told["count"]),
        "X-Counts": json.dumps(told["counts"]),
        "X-Model": told["model"],
        "X-Engine": told["engine"],
        "X-Precision": told["precision"],
        "X-Tiles": str(told["tiles"]),
        "X-Warnings": ", ".join(warning["code"] for warning in told["warnings"]),
        **({"X-Likely": "{}-{}".format(*prediction.likely)} if prediction.likely else {}),
    }
    return Response(drawn, media_type=prediction.picture.media_type, headers=headers)
