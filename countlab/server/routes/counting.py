"""The counting routes: `/predict`, `/countObjects`, `/countOranges`, `/sweep` and the batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response, UploadFile

from countlab.errors import CountlabError
from countlab.inference.answer import CountJson
from countlab.server.language import language_of
from countlab.server.middleware.form import FormRoute
from countlab.server.parameters import (
    AnyOptions,
    LabDependency,
    OptionsOfAll,
    PluralPath,
    SweepOptions,
)
from countlab.server.plurals import label_of
from countlab.server.problems import problem_of
from countlab.server.responses import (
    count_answer,
    json_response,
    of_lab,
    picture_response,
    single_response,
    sweep_response,
    wants_json,
    wants_picture,
)
from countlab.server.schemas import (
    BATCH_RESPONSES,
    COUNT_RESPONSES,
    PICTURE_RESPONSES,
    SWEEP_RESPONSES,
    JpegResponse,
)

counting = APIRouter(tags=["count"], route_class=FormRoute)


@counting.post(
    "/predict",
    summary="The picture with boxes",
    response_class=JpegResponse,
    responses=PICTURE_RESPONSES,
)
def predict(
    request: Request, lab: LabDependency, file: UploadFile, options: OptionsOfAll
) -> Response:
    """Sends the picture back, in the format it came in, with a box around each finding.

    With `Accept: application/json` the findings come as JSON instead.
    """
    prediction = lab.predict(file.file.read(), options)
    respond = json_response if wants_json(request) else picture_response
    return respond(request, prediction)


@counting.post("/countObjects", summary="How many objects?", responses=COUNT_RESPONSES)
def count_objects(
    request: Request, lab: LabDependency, file: UploadFile, options: AnyOptions
) -> Response:
    """Counts what is in the picture: in all, by label, or only one label with `object=`.

    With `Accept: image/*` the picture with boxes comes instead, the count in `X-Count`.
    """
    prediction = lab.predict(file.file.read(), options)
    respond = picture_response if wants_picture(request) else json_response
    return respond(request, prediction)


@counting.post("/sweep", summary="The count at every confidence", responses=SWEEP_RESPONSES)
def sweep(
    request: Request, lab: LabDependency, file: UploadFile, options: SweepOptions
) -> Response:
    """One pass over the picture, and what each confidence would count, a hundredth apart.

    `stable` is the longest stretch of confidences with one and the same count. A count that holds
    over a long stretch does not hang on the confidence chosen; `warnings` are about that count.
    """
    return sweep_response(request, lab.sweep(file.file.read(), options))


@counting.post(
    "/predict/single", summary="Findings in one picture, as JSON", response_model=CountJson
)
def predict_single(
    request: Request, lab: LabDependency, file: UploadFile, options: OptionsOfAll
) -> Response:
    """What `/predict` finds, always as JSON: for programs that cannot set `Accept`."""
    return single_response(request, lab.predict(file.file.read(), options))


@counting.post(
    "/predict/batch", summary="Findings in many pictures, as JSON", responses=BATCH_RESPONSES
)
def predict_batch(
    request: Request, lab: LabDependency, files: list[UploadFile], options: OptionsOfAll
) -> dict[str, Any]:
    """Each picture has its own result or its own error: one bad file does not spoil the rest."""
    allowed = lab.pipeline.settings.max_batch
    if len(files) > allowed:
        raise CountlabError("too_many_pictures", arrived=len(files), allowed=allowed)
    lab.find_model(options)
    results: list[dict[str, Any]] = []
    for number, file in enumerate(files):
        if number:
            request.state.yield_slot()  # a small count need not wait for a whole batch
        request.state.filename = file.filename
        try:
            prediction = lab.predict(file.file.read(), options)
            answer = count_answer(request, prediction, more_follow=True)
            result = {**answer, **of_lab(request, prediction)}
            results.append({"name": file.filename, "result": result})
        except CountlabError as error:
            problem = problem_of(error, language_of(request))
            results.append({"name": file.filename, "problem": problem})
    return {"results": results}


@counting.post(
    "/count{plural}",
    summary="How many of one object? Such as /countOranges",
    responses=COUNT_RESPONSES,
)
def count_plural(
    request: Request,
    lab: LabDependency,
    file: UploadFile,
    options: OptionsOfAll,
    plural: PluralPath,
) -> Response:
    """`/countOranges`, `/countApples`, …: the plural of any label the model knows."""
    label = label_of(plural, lab.find_model(options))
    prediction = lab.predict(file.file.read(), replace(options, object=label))
    respond = picture_response if wants_picture(request) else json_response
    return respond(request, prediction)
