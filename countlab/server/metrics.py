"""Prometheus metrics of `/metrics`.

Each app has its own registry. Several workers share a folder, and each of them reports the sum of
all. Names and labels are bounded: no client can make them grow.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector

from countlab.findings import count_by_label
from countlab.inference.prediction import Prediction
from countlab.server import shared_metrics

if TYPE_CHECKING:
    from countlab.history import StoredIn

MEDIA_TYPE = CONTENT_TYPE_LATEST
_BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_MAX_LABELS = 500  # each label is a time series for ever; further ones are counted as "other"


class Metrics:
    """`queue_length` is read at each report; `shared_folder` is set with several workers."""

    def __init__(self, queue_length: Callable[[], int], shared_folder: Path | None = None) -> None:
        self._queue_length, self._shared_folder = queue_length, shared_folder
        disable_created_metrics()  # type: ignore[no-untyped-call]  # one more line per metric
        self._registry = CollectorRegistry()
        if shared_folder is not None:
            shared_metrics.use_reserved_files()
        options: Any = {
            "registry": None if shared_folder else self._registry,
            "namespace": "countlab",
        }
        self._requests = Counter("requests", "Responses", ["method", "route", "status"], **options)
        self._latency = Histogram(
            "request_seconds", "Request to response", ["route"], buckets=_BUCKETS_S, **options
        )
        self._in_progress = Gauge(
            "requests_present", "Requests in progress", multiprocess_mode="livesum", **options
        )
        self._queue = Gauge(
            "queue_length", "Requests waiting for a slot", multiprocess_mode="livesum", **options
        )
        self._inference = Histogram(
            "inference_seconds", "Inference", ["model", "engine"], buckets=_BUCKETS_S, **options
        )
        self._pictures = Counter("pictures", "Pictures counted", ["model"], **options)
        self._empty = Counter("pictures_empty", "Pictures without findings", ["model"], **options)
        self._objects = Counter("objects", "Objects found", ["model", "label"], **options)
        self._versions = Counter(
            "version_answers", "Pictures by version of the model", ["model", "version"], **options
        )
        self._canary = Counter("canary", "Pictures by who answered", ["who"], **options)
        self._shadow = Counter("shadow", "Answers of the shadow", ["outcome"], **options)
        self._shadow_latency = Histogram(
            "shadow_seconds", "Inference of the shadow", buckets=_BUCKETS_S, **options
        )
        self._history = Counter(
            "history_rows", "History rows by where they were stored", ["where"], **options
        )
        self._labels: set[tuple[str, str]] = set()
        if not shared_folder:
            ProcessCollector(registry=self._registry)

    def request_started(self) -> None:
        self._in_progress.inc()
        self._queue.set(self._queue_length())

    def request_finished(self, method: str, route: str, status: int, duration_s: float) -> None:
        self._in_progress.dec()
        self._queue.set(self._queue_length())
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(route).observe(duration_s)

    def record_prediction(self, prediction: Prediction) -> None:
        model = prediction.model.name
        inference_s = prediction.milliseconds["find"] / 1000
        self._inference.labels(model, prediction.engine).observe(inference_s)
        self._pictures.labels(model).inc()
        self._empty.labels(model).inc(not prediction.findings)
        for label, number in count_by_label(prediction.findings).items():
            self._objects.labels(model, self._bounded_label(model, label)).inc(number)

        if prediction.model.version is not None:
            version = self._bounded_label(model, prediction.model.version)
            self._versions.labels(model, version).inc()

    def record_canary(self, who: str) -> None:
        """`champion`, `candidate`, or `stood_in`: the champion, for a candidate that failed."""
        self._canary.labels(who).inc()

    def record_shadow(self, outcome: str, duration_s: float | None = None) -> None:
        """`agrees`, `differs`, `failed`, or `skipped`: others waited."""
        self._shadow.labels(outcome).inc()
        if duration_s is not None:
            self._shadow_latency.observe(duration_s)

    def record_history_row(self, stored_in: StoredIn) -> None:
        self._history.labels(stored_in).inc()

    def render(self) -> bytes:
        """All metrics in Prometheus' text format."""
        self._queue.set(self._queue_length())
        if self._shared_folder is None:
            return generate_latest(self._registry)
        return shared_metrics.render(self._shared_folder)

    def _bounded_label(self, model: str, label: str) -> str:
        if len(self._labels) < _MAX_LABELS:
            self._labels.add((model, label))
        return label if (model, label) in self._labels else "other"
