"""The figures of `/metrics`, in the form that Prometheus reads.

Each app has its own. With several workers they share a folder, and whichever worker is asked
tells the sum of all. Names and labels are bounded: no client can make them grow.
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
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector

from countlab.findings import count_by_label
from countlab.inference.prediction import Prediction

if TYPE_CHECKING:
    from countlab.history import StoredIn

MEDIA_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_LABELS_AT_MOST = 500  # further ones are counted together: each is a line of its own for ever


class Metrics:
    """`waiting` tells how long the queue is; `together` is the folder that workers share."""

    def __init__(self, waiting: Callable[[], int], together: Path | None = None) -> None:
        self._waiting, self._together = waiting, together
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a line more for each figure
        self._registry = CollectorRegistry()
        here: Any = {"registry": None if together else self._registry, "namespace": "countlab"}
        self._requests = Counter("requests", "Answers", ["method", "route", "status"], **here)
        self._latency = Histogram(
            "request_seconds", "From arrival to answer", ["route"], buckets=_SECONDS, **here
        )
        self._present = Gauge(
            "requests_present", "Requests that are here", multiprocess_mode="livesum", **here
        )
        self._queue = Gauge(
            "queue_length", "Those that wait to count", multiprocess_mode="livesum", **here
        )
        self._inference = Histogram(
            "inference_seconds", "Finding only", ["model", "engine"], buckets=_SECONDS, **here
        )
        self._pictures = Counter("pictures", "Pictures that were counted", ["model"], **here)
        self._empty = Counter("pictures_empty", "Those with nothing found", ["model"], **here)
        self._objects = Counter("objects", "Objects found", ["model", "label"], **here)
        self._history = Counter("history_rows", "Rows by where they were put", ["where"], **here)
        self._labels: set[tuple[str, str]] = set()
        if not together:
            ProcessCollector(registry=self._registry)

    def arrived(self) -> None:
        self._present.inc()
        self._queue.set(self._waiting())

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        self._present.dec()
        self._queue.set(self._waiting())
        self._requests.labels(method, route, str(status)).inc()
        self._latency.labels(route).observe(seconds)

    def counted(self, prediction: Prediction) -> None:
        model = prediction.model.name
        seconds = prediction.milliseconds["find"] / 1000
        self._inference.labels(model, prediction.engine).observe(seconds)
        self._pictures.labels(model).inc()
        self._empty.labels(model).inc(not prediction.findings)
        for label, number in count_by_label(prediction.findings).items():
            self._objects.labels(model, self._bounded(model, label)).inc(number)

    def kept(self, where: StoredIn) -> None:
        self._history.labels(where).inc()

    def page(self) -> bytes:
        self._queue.set(self._waiting())
        if self._together is None:
            return generate_latest(self._registry)
        registry = CollectorRegistry()  # read anew: workers come and go
        MultiProcessCollector(registry, str(self._together))  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _bounded(self, model: str, label: str) -> str:
        if len(self._labels) < _LABELS_AT_MOST:
            self._labels.add((model, label))
        return label if (model, label) in self._labels else "other"
