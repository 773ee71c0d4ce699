"""The engine that everybody has: ONNX Runtime on the processor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from countlab.engines.graph_input import read_input
from countlab.errors import CountlabError
from countlab.imaging.picture import Pixels
from countlab.models.catalog import Model
from countlab.models.graph import graph_of
from countlab.system.cpu import cores
from countlab.system.load import inference_running
from countlab.tasks import Output, decoder_for

_ELEMENTS = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}


class OnnxruntimeEngine:
    """One session; ONNX Runtime lets any number of threads run it at once."""

    name = "onnxruntime"

    def __init__(self, model: Model, graph: Path | bytes, precision: str) -> None:
        self.precision = precision
        self._model = model
        self._session = _session(model, graph)
        self._input = read_input(
            model,
            [
                (_ELEMENTS.get(entry.type, entry.type), [_size(size) for size in entry.shape])
                for entry in self._session.get_inputs()
            ],
        )
        self.input_size = self._input.size
        self._input_name = self._session.get_inputs()[0].name
        self.outputs = self._outputs()
        self.decoder = decoder_for(model, self.outputs)

    def run(self, pixels: Pixels) -> Mapping[str, NDArray[Any]]:
        tensor = self.tensor(pixels)
        names = [output.name for output in self.outputs]
        with inference_running():
            values = self._session.run(names, {self._input_name: tensor})
        return dict(zip(names, values, strict=True))

    def tensor(self, pixels: Pixels) -> NDArray[Any]:
        return self._input.tensor(pixels, self._model, self.decoder.scale)

    def _outputs(self) -> tuple[Output, ...]:
        """What the network gives for a gray picture: graphs may leave their shapes open."""
        gray = np.full((*self._input.size[::-1], 3), 128, np.uint8)
        names = [entry.name for entry in self._session.get_outputs()]
        tensor = self._input.tensor(gray, self._model, 1 / 255)
        try:
            values = self._session.run(names, {self._input_name: tensor})
        except Exception as reason:  # the library raises classes of its own
            raise _damaged(self._model, reason) from reason
        return tuple(
            Output(name, tuple(np.shape(value))) for name, value in zip(names, values, strict=True)
        )


def open_model(model: Model, files: Mapping[str, Path], *, precision: str) -> OnnxruntimeEngine:
    return OnnxruntimeEngine(model, graph_of(model, files), precision)


def _session(model: Model, graph: Path | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores()
    options.log_severity_level = 3  # errors; warnings about other people's graphs help nobody
    source = graph if isinstance(graph, bytes) else str(graph)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as reason:  # the library raises classes of its own
        raise _damaged(model, reason) from reason


def _damaged(model: Model, reason: Exception) -> CountlabError:
    text = str(reason).strip().splitlines()[-1] if str(reason).strip() else type(reason).__name__
    return CountlabError(
        "model_damaged", model=model.name, reason=f"ONNX Runtime cannot run it ({text[:200]})"
    )


def _size(size: object) -> int | None:
    """A dimension; one with a name, or none, is open."""
    return size if isinstance(size, int) and size > 0 else None
