"""The addresses that tell of the server and its models; nothing is counted here."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from countlab import __version__
from countlab.errors import CountlabError
from countlab.models.catalog import Model
from countlab.models.error_profile_file import load_error_profile
from countlab.server.lab import Lab
from countlab.server.metrics import MEDIA_TYPE, Metrics
from countlab.server.middleware.slots import Slots
from countlab.server.parameters import OneName, TheLab

about = APIRouter(tags=["about"])


@about.get("/", summary="A greeting that says where to go")
def greeting(request: Request, lab: TheLab) -> dict[str, str]:
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


@about.head("/health", include_in_schema=False)  # what watches from outside often asks so
@about.get("/health", summary="Is the server alive?")
async def health(lab: TheLab) -> dict[str, Any]:
    """Answers at once as long as the server lives; tells its version, engine and open models."""
    return {
        "status": "ok",
        "version": __version__,
        "engine": lab.pipeline.engine,
        "models_open": lab.pipeline.opened,
    }


@about.head("/health/ready", include_in_schema=False)
@about.get("/health/ready", summary="Is the server ready for work?")
async def ready(request: Request, lab: TheLab) -> dict[str, str]:
    """Says no (503) while the server's model is loading, and while its queue is full.

    A model that only a request names loads without a word here: who asks for it waits for it.
    """
    places: Slots = request.app.state.places
    if reason := lab.not_ready:
        raise reason
    if places.full:
        raise CountlabError("too_busy", inside=places.inside, retry_after_s=1)
    return {"status": "ready"}


@about.get("/metrics", summary="Figures for Prometheus", response_class=PlainTextResponse)
def metrics(request: Request) -> Response:
    """Requests, times, what was counted, the queue; the sum of all workers."""
    figures: Metrics = request.app.state.metrics
    return Response(figures.page(), media_type=MEDIA_TYPE)


@about.get("/models", summary="Which models there are")
def models(lab: TheLab) -> dict[str, Any]:
    """Built in, published (fetched when first used) and your own: labels, size, on disk or not.

    `unreadable` names the model folders that are not understood, each with the reason.
    """
    catalog = lab.pipeline.catalog
    return {
        "default": lab.pipeline.settings.default_model,
        "models": [_described(model, lab) for model in catalog.models.values()],
        "unreadable": [str(error) for error in catalog.unreadable],
    }


@about.get("/models/{name}", summary="One model")
def one_model(name: OneName, lab: TheLab) -> dict[str, Any]:
    """The same as its entry in `/models`."""
    return _described(lab.pipeline.catalog.find(name), lab)


def _described(model: Model, lab: Lab) -> dict[str, Any]:
    error = load_error_profile(model, "f32", lab.pipeline.settings.home)
    return {
        "name": model.name,
        "title": model.title,
        "task": model.task,
        "origin": model.origin,
        "on_disk": lab.pipeline.store.has(model),
        "bytes": model.bytes,
        "input": list(model.input),
        "labels": list(model.labels),
        "nms": model.nms,
        "licence": model.licence,
        "counting_error": error and error.in_brief(),
    }
