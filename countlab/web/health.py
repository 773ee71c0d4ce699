"""Route `/health/report`: versions, models, load and work done, for the page's Health tab."""

from __future__ import annotations

import os
import platform
from collections import defaultdict
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client.parser import text_string_to_metric_families

from countlab import __version__
from countlab.messages import Language
from countlab.models.catalog import Model
from countlab.models.followed import read_status
from countlab.server.lab import Lab
from countlab.server.language import language_of
from countlab.server.metrics import Metrics
from countlab.server.parameters import LabDependency
from countlab.system.cpu import cores
from countlab.system.versions import check_libraries

health_router = APIRouter(include_in_schema=False)

_INFERENCE_SECONDS = "countlab_inference_seconds"


@health_router.get("/health/report")
def health_report(lab: LabDependency, request: Request) -> dict[str, Any]:
    """Requires a key like the counting routes: versions are not public."""
    catalog = lab.pipeline.catalog
    return {
        "version": __version__,
        "python": platform.python_version(),
        "engine": lab.pipeline.engine,
        "models": [_model_state(model, lab) for model in catalog.models.values()],
        "unreadable": [error.text(language_of(request))._asdict() for error in catalog.unreadable],
        "libraries": _libraries(language_of(request)),
        "cores": cores(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        **_work_done(request.app.state.metrics),
        "following": read_status(lab.pipeline.settings.models_folder, language_of(request)),
        "rollout": _rollout(lab, request.app.state.metrics),
    }


def _model_state(model: Model, lab: Lab) -> dict[str, Any]:
    state, size = "away", model.bytes or 0
    if lab.pipeline.store.has(model):
        state = "open" if model.name in lab.pipeline.opened else "on_disk"
        size = sum((model.folder / file.name).stat().st_size for file in model.files.values())
    return {"name": model.name, "state": state, "megabytes": round(size / 1e6, 1)}


@cache  # installed versions do not change while the process runs
def _libraries(language: Language) -> list[dict[str, Any]]:
    return [
        {"well": check.passed, **check.message.text(language)._asdict()}
        for check in check_libraries()
    ]


def _rollout(lab: Lab, metrics: Metrics) -> dict[str, Any] | None:
    """What a candidate does beside the champion, and how that went since the start."""
    if lab.rollout is None:
        return None
    plan = lab.rollout.plan
    counts: dict[str, dict[str, int]] = {"canary": {}, "shadow": {}}
    for family in text_string_to_metric_families(metrics.render().decode()):
        kind = family.name.removeprefix("countlab_")
        for sample in family.samples if kind in counts else ():
            (value,) = sample.labels.values()
            counts[kind][value] = counts[kind].get(value, 0) + round(sample.value)
    return {"candidate": plan.candidate, "shadow": plan.shadow, "share": plan.share,
            **{f"{kind}_counts": found for kind, found in counts.items()}}  # fmt: skip


def _work_done(metrics: Metrics) -> dict[str, Any]:
    """Work since the start, summed over all workers of the server."""
    sums: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            sums[sample.name] += sample.value
    pictures = sums[f"{_INFERENCE_SECONDS}_count"]
    milliseconds = 1000 * sums[f"{_INFERENCE_SECONDS}_sum"]
    return {
        "pictures": round(pictures),
        "milliseconds": round(milliseconds / pictures) if pictures else None,
        "waiting": round(sums["countlab_queue_length"]),
    }
