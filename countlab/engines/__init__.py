"""Engines turn pixels into findings; they are interchangeable.

An engine's own library is imported only by the engine's module, when a model is opened.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Protocol

from countlab.catalogue import Model
from countlab.errors import CountlabError
from countlab.findings import Finding
from countlab.images import Pixels

_MODULES = {"cvlib": "countlab.engines.cvlib"}
ENGINES = tuple(_MODULES)


class Engine(Protocol):
    """One model, ready to run; safe to call from any number of threads."""

    name: str
    precision: str
    floor: float
    """Nothing below this confidence is ever found."""

    def find(self, pixels: Pixels, *, confidence: float, nms: float) -> list[Finding]: ...


def check_engine(name: str) -> str:
    if name not in _MODULES:
        raise CountlabError("unknown_engine", arrived=name, known=ENGINES)
    return name


def open_engine(name: str, model: Model, files: dict[str, Path]) -> Engine:
    """Loads a model's files into an engine."""
    opened: Engine = import_module(_MODULES[check_engine(name)]).open_model(model, files)
    return opened
