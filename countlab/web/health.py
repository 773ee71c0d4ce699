"""How the server is doing, as facts that the page's Health tab tells in words."""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client.parser import text_string_to_metric_families

from countlab import __version__
from countlab.doctor import check_libraries
from countlab.messages import Language
from countlab.models.catalog import Model
from countlab.server.lab import Lab
from countlab.server.language import language_of
from countlab.server.metrics import Metrics
from countlab.server.parameters import TheLab
from countlab.system.cpu import cores

health_router = APIRouter(include_in_schema=False)

_FINDING = "countlab_inference_seconds"


@health_router.get("/health/report")
def report(lab: TheLab, request: Request) -> dict[str, Any]:
    """Behind the same door as what counts: versions are not for strangers."""
    catalog = lab.pipeline.catalog
    return {
        "version": __version__,
        "python": platform.python_version(),
        "engine": lab.pipeline.engine,
        "models": [_described(model, lab) for model in catalog.models.values()],
        "unreadable": [error.text(language_of(request))._asdict() for error in catalog.unreadable],
        "libraries": _libraries(language_of(request)),
        "cores": cores(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        **_work(request.app.state.metrics),
    }


def _described(model: Model, lab: Lab) -> dict[str, Any]:
    state, size = "away", model.bytes or 0
    if lab.pipeline.store.has(model):
        state = "open" if model.name in lab.pipeline.opened else "on_disk"
        size = sum((model.folder / file.name).stat().st_size for file in model.files.values())
    return {"name": model.name, "state": state, "megabytes": round(size / 1e6, 1)}


@cache  # a process keeps the libraries it began with
def _libraries(language: Language) -> list[dict[str, Any]]:
    return [
        {"well": check.well, **check.told.text(language)._asdict()} for check in check_libraries()
    ]


def _work(metrics: Metrics) -> dict[str, Any]:
    """What was done since the start, by all workers of the server together."""
    sums: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(metrics.page().decode()):
        for sample in family.samples:
            sums[sample.name] += sample.value
    pictures = sums[f"{_FINDING}_count"]
    return {
        "pictures": round(pictures),
        "milliseconds": round(1000 * sums[f"{_FINDING}_sum"] / pictures) if pictures else None,
        "waiting": round(sums["countlab_queue_length"]),
    }
