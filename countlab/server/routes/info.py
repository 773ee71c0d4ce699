"""Routes for information: greeting, health, metrics and models."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from countlab import __version__
from countlab.errors import CountlabError
from countlab.models.catalog import Model
from countlab.models.error_profile import load_error_profile
from countlab.server.lab import Lab
from countlab.server.metrics import MEDIA_TYPE, Metrics
from countlab.server.middleware.slots import Slots
from countlab.server.parameters import LabDependency, ModelPath

info_router = APIRouter(tags=["about"])


@info_router.get("/", summary="A greeting that says where to go")
def greeting(request: Request, lab: LabDependency) -> dict[str, str]:
    """For people who open the bare address: what this is and where to click next."""
    page = getattr(request.app.state, "page", None)
    return {
        "message": "This is countlab: send a picture, get back boxes and counts.",
        **({"page": page} if page else {}),
        "docs": "/docs",
        "models": "/models",
        "health": "/health",
        "version": __version__,
        "engine": lab.pipeline.engine,
    }


@info_router.head("/health", include_in_schema=False)  # as uptime monitors often request it
@info_router.get("/health", summary="Is the server alive?")
async def health(lab: LabDependency) -> dict[str, Any]:
    """Answers at once as long as the server lives; tells its version, engine and open models."""
    return {
        "status": "ok",
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


@info_router.get("/models", summary="Which models there are")
def models(lab: LabDependency) -> dict[str, Any]:
    """Built in, published (fetched when first used) and your own: labels, size, on disk or not.

    `unreadable` names the model folders that are not understood, each with the reason.
    """
    catalog = lab.pipeline.catalog
    return {
        "default": lab.pipeline.settings.default_model,
        "models": [_model_json(model, lab) for model in catalog.models.values()],
        "unreadable": [str(error) for error in catalog.unreadable],
    }


@info_router.get("/models/{name}", summary="One model")
def one_model(name: ModelPath, lab: LabDependency) -> dict[str, Any]:
    """The same as its entry in `/models`."""
    return _model_json(lab.pipeline.catalog.find(name), lab)


def _model_json(model: Model, lab: Lab) -> dict[str, Any]:
    profile = load_error_profile(model, "f32", lab.pipeline.settings.home)
    return {
        "name": model.name,
        "title": model.title,
        "task": model.task,
        "origin": model.origin,
        "on_disk": lab.pipeline.store.has(model),
        "bytes": model.bytes,
        "input": model.input and list(model.input),
        "labels": list(model.labels),
        "nms": model.nms,
        "licence": model.licence,
        "counting_error": profile and profile.summary(),
    }
