"""How the server is doing, as facts that the page's Health tab tells in words."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client.parser import text_string_to_metric_families

from countlab import __version__
from countlab.doctor import Check, check_libraries, check_models
from countlab.server.asked import TheLab
from countlab.server.language import language_of
from countlab.server.metrics import Metrics
from countlab.texts import Language

reporting = APIRouter(include_in_schema=False)


@reporting.get("/health/report")
def report(lab: TheLab, request: Request) -> dict[str, Any]:
    """Behind the same door as what counts: versions and paths are not for strangers."""
    language, pipeline = language_of(request), lab.pipeline
    return {
        "version": __version__,
        "python": platform.python_version(),
        "engine": pipeline.engine,
        "opened": pipeline.opened,
        "models": _told(check_models(pipeline.settings, pipeline.store), language),
        "libraries": _told(check_libraries(), language),
        "cores": os.cpu_count() or 1,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        **_work(request.app.state.metrics),
    }


def _told(checks: Iterable[Check], language: Language) -> list[dict[str, Any]]:
    return [{"well": check.well, **check.told.text(language)._asdict()} for check in checks]


def _work(metrics: Metrics) -> dict[str, Any]:
    """What was done since the start, by all workers of the server together."""
    pictures, seconds = _sum(metrics, "_count"), _sum(metrics, "_sum")
    return {
        "pictures": round(pictures),
        "milliseconds": round(1000 * seconds / pictures) if pictures else None,
        "waiting": round(sum(value for name, value in _samples(metrics) if name == _QUEUE)),
    }


_FINDING, _QUEUE = "countlab_inference_seconds", "countlab_queue_length"


def _sum(metrics: Metrics, part: str) -> float:
    return sum(value for name, value in _samples(metrics) if name == _FINDING + part)


def _samples(metrics: Metrics) -> Iterator[tuple[str, float]]:
    for family in text_string_to_metric_families(metrics.page().decode()):
        for sample in family.samples:
            yield sample.name, sample.value
