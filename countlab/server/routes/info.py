"""Routes for information: greeting, health, metrics and models."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from countlab import __version__
from countlab.errors import CountlabError
from countlab.messages import Language
from countlab.models.catalog import Model
from countlab.models.error_profile import load_error_profile
from countlab.models.followed import read_status
from countlab.server.lab import Lab
from countlab.server.language import language_of
from countlab.server.metrics import MEDIA_TYPE, Metrics
from countlab.server.middleware.slots import Slots
from countlab.server.parameters import LabDependency, ModelPath
from countlab.server.routes.front_page import ICON, front_page, wants_html, ways_on
from countlab.server.routes.model_schemas import ModelJson, ModelsJson

info_router = APIRouter(tags=["about"])


@info_router.get(
    "/",
    summary="A greeting that says where to go",
    response_model=dict[str, str],
    responses={200: {"content": {"text/html": {}}}},
)
async def greeting(request: Request, lab: LabDependency) -> Response:
    """For people who open the bare address: what this is and where to click next.

    A browser gets a small page.
    """
    if wants_html(request):
        return front_page(request, example=_example(lab))
    greeting = {
        "message": "This is countlab: send a picture, get back boxes and counts.",
        **ways_on(request),
        "version": __version__,
        "engine": lab.pipeline.engine,
    }
    return JSONResponse(greeting, headers={"Vary": "Accept, Accept-Language"})


def _example(lab: Lab) -> str:
    """Where a picture can be sent to the model that answers those who name none."""
    known = lab.pipeline.catalog.models.get(lab.pipeline.settings.default_model)
    if known is None or known.task == "detect":
        return "/countOranges" if known and "orange" in known.labels else "/countObjects"
    return "/predict/single"


@info_router.get("/favicon.ico", include_in_schema=False)
async def favicon() -> Response:
    return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


@info_router.head("/health", include_in_schema=False)  # as uptime monitors often request it
@info_router.get("/health", summary="Is the server alive?")
async def health(request: Request, lab: LabDependency) -> dict[str, Any]:
    """Answers at once as long as the server lives; tells its version, engine and open models."""
    notebook = getattr(request.app.state, "notebook", None)
    return {
        "status": "ok",
        **({"notebook": notebook} if notebook else {}),
        "version": __version__,
        "engine": lab.pipeline.engine,
        "models_open": lab.pipeline.opened,
    }


@info_router.head("/health/ready", include_in_schema=False)
@info_router.get("/health/ready", summary="Is the server ready for work?")
async def ready(request: Request, lab: LabDependency) -> dict[str, str]:
    """Says no (503) while the server's model is loading, and while its queue is full.

    A model that only a request names loads without a word here: who asks for it waits for it.
    """
    slots: Slots = request.app.state.slots
    if error := lab.not_ready:
        raise error
    if slots.full:
        raise CountlabError("too_busy", inside=slots.admitted, retry_after_s=1)
    return {"status": "ready"}


@info_router.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
def metrics(request: Request) -> Response:
    """Requests, times, what was counted, the queue; the sum of all workers."""
    server_metrics: Metrics = request.app.state.metrics
    return Response(server_metrics.render(), media_type=MEDIA_TYPE)


@info_router.get(
    "/models", summary="Which models there are", responses={200: {"model": ModelsJson}}
)
def models(request: Request, lab: LabDependency) -> dict[str, Any]:
    """Built in, published (fetched when first used) and your own: labels, size, on disk or not.

    `unreadable` names the model folders that are not understood, each with the reason.
    """
    catalog, language = lab.pipeline.catalog, language_of(request)
    return {
        "default": lab.pipeline.settings.default_model,
        "models": [_model_json(model, lab, language) for model in catalog.models.values()],
        "unreadable": [" ".join(error.text(language)) for error in catalog.unreadable],
    }


@info_router.get("/models/{name}", summary="One model", responses={200: {"model": ModelJson}})
def one_model(name: ModelPath, request: Request, lab: LabDependency) -> dict[str, Any]:
    """The same as its entry in `/models`."""
    return _model_json(lab.pipeline.catalog.find(name), lab, language_of(request))


def _model_json(model: Model, lab: Lab, language: Language) -> dict[str, Any]:
    profile = load_error_profile(model, "f32", lab.pipeline.settings.home)
    return {
        "name": model.name,
        "title": model.title,
        "task": model.task,
        "origin": model.origin,
        "version": model.version,
        "following": read_status(lab.pipeline.settings.models_folder, language).get(model.name),
        "on_disk": lab.pipeline.store.has(model),
        "bytes": model.bytes,
        "input": model.input and list(model.input),
        "labels": list(model.labels),
        "names": {language: dict(names) for language, names in model.names.items()},
        "nms": model.nms,
        "licence": model.licence,
        "counting_error": profile and profile.summary(),
    }
