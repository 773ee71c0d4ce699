"""The fast engine: OpenVINO on the processor.

A lone request uses all cores; concurrent requests get one core each, which finishes more of them
in a second.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from queue import LifoQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countlab.engines.graph_input import GraphInput, read_input
from countlab.engines.openvino.compiled import load_or_compile
from countlab.engines.openvino.library import openvino
from countlab.engines.openvino.winograd import save_multiplications
from countlab.errors import CountlabError
from countlab.imaging.picture import Pixels
from countlab.models.catalog import Model
from countlab.models.graph import graph_of
from countlab.system.cpu import cores, shares_machine
from countlab.system.load import inference_running, is_concurrent
from countlab.tasks import Output, decoder_for

_preprocess = openvino.preprocess
_Requests = LifoQueue[openvino.InferRequest]
_ELEMENTS = {"f32": "float32", "f16": "float32", "u8": "uint8"}


class OpenvinoEngine:
    """One model, compiled for one picture at a time and, once that is needed, for many."""

    def __init__(self, model: Model, graph: Path | bytes, precision: str) -> None:
        self.name = "openvino" if precision == "f32" else f"openvino-{precision}"
        self._model, self._graph, self._hint = model, graph, precision
        network = self._read()
        self._input = self._read_input(network)
        self.input_size = self._input.size
        self.outputs = self._read_outputs(network)
        self.decoder = decoder_for(model, self.outputs)
        quantized = any(node.get_type_name() == "FakeQuantize" for node in network.get_ops())
        self.precision = "int8" if quantized else precision
        self._lone = self._open_lone(network)
        self._concurrent: _Requests | None = None
        self._concurrent_wanted = False
        self._compiling = threading.Lock()

    def run(self, pixels: Pixels) -> Mapping[str, NDArray[Any]]:
        tensor = pixels[None] if self._takes_pixels else self.tensor(pixels)
        with self._request() as request:
            result = request.infer({0: tensor}, share_inputs=True, share_outputs=True)
            return {
                output.name: np.array(result[index]) for index, output in enumerate(self.outputs)
            }

    def tensor(self, pixels: Pixels) -> NDArray[Any]:
        return self._input.tensor(pixels, self._model, self.decoder.scale)

    @contextlib.contextmanager
    def _request(self) -> Iterator[openvino.InferRequest]:
        with inference_running():
            idle = self._concurrent_requests() if is_concurrent() else self._lone
            request = idle.get()
            try:
                yield request
            finally:
                idle.put(request)

    def _concurrent_requests(self) -> _Requests:
        """Compiled beside the first requests, which run one after another until it is ready."""
        with self._compiling:
            if not self._concurrent_wanted:
                self._concurrent_wanted = True
                # No daemon: a process that ended while this compiles would end with a crash.
                threading.Thread(target=self._compile_concurrent).start()
        return self._concurrent or self._lone

    def _compile_concurrent(self) -> None:
        self._concurrent = self._compile(self._prepare(self._read()), streams=cores())

    def _open_lone(self, network: openvino.Model) -> _Requests:
        """Compiled once for each machine, then read back."""
        compiled = load_or_compile(
            _core(),
            lambda: self._prepare(network),
            self._properties(streams=1),
            graph=self._graph,
            preparation=(self._input, self._model.preprocessing, self.decoder.scale),
        )
        return _requests(compiled, 1)

    def _compile(self, network: openvino.Model, *, streams: int) -> _Requests:
        compiled = _core().compile_model(network, "CPU", self._properties(streams=streams))
        return _requests(compiled, streams)

    def _properties(self, *, streams: int) -> dict[str, str]:
        return {
            # Left to itself it takes bf16 wherever the processor has it.
            "INFERENCE_PRECISION_HINT": self._hint,
            "NUM_STREAMS": str(streams),
            "INFERENCE_NUM_THREADS": str(cores()),
            # Pinned, each process begins at the first core: two with a thread each would share it.
            "ENABLE_CPU_PINNING": "NO" if shares_machine() else "YES",
        }

    def _read(self) -> openvino.Model:
        try:
            return _core().read_model(self._graph)
        except RuntimeError as reason:
            raise self._damaged(reason) from reason

    def _read_input(self, network: openvino.Model) -> GraphInput:
        return read_input(
            self._model,
            [
                (_ELEMENTS.get(name := entry.element_type.get_type_name(), name), _shape(entry))
                for entry in network.inputs
            ],
        )

    def _read_outputs(self, network: openvino.Model) -> tuple[Output, ...]:
        """With the input's size fixed, graphs tell the shapes of their outputs."""
        height, width, channels = self._input.height, self._input.width, self._input.channels
        channels_last = self._input.channels_last
        try:
            network.reshape(
                [1, height, width, channels] if channels_last else [1, channels, height, width]
            )
        except RuntimeError as reason:
            raise self._damaged(reason) from reason
        return tuple(
            Output(min(entry.get_names(), default="output"), _shape(entry))
            for entry in network.outputs
        )

    def _prepare(self, network: openvino.Model) -> openvino.Model:
        """Moves the arithmetic from bytes to the input's numbers into the graph."""
        if self._takes_pixels:
            preprocessing = self._model.preprocessing
            steps = _preprocess.PrePostProcessor(network)
            tensor, process = steps.input().tensor(), steps.input().preprocess()
            tensor.set_element_type(openvino.Type.u8)
            tensor.set_layout(openvino.Layout("NHWC"))
            layout = "NHWC" if self._input.channels_last else "NCHW"
            steps.input().model().set_layout(openvino.Layout(layout))
            process.convert_element_type(openvino.Type.f32)
            if preprocessing.color == "rgb":
                tensor.set_color_format(_preprocess.ColorFormat.BGR)
                process.convert_color(_preprocess.ColorFormat.RGB)
            process.scale(1 / (preprocessing.scale or self.decoder.scale))
            if preprocessing.mean:
                process.mean(list(preprocessing.mean))
            if preprocessing.std:
                process.scale(list(preprocessing.std))
            network = steps.build()
        if self._hint == "f32":
            save_multiplications(network)
        return network

    @property
    def _takes_pixels(self) -> bool:
        """The usual case; gray inputs and those of bytes get a tensor made for them."""
        return self._input.channels == 3 and not self._input.bytes

    def _damaged(self, reason: Exception) -> CountlabError:
        text = f"OpenVINO cannot read it ({str(reason).strip().splitlines()[-1]})"
        return CountlabError("model_damaged", model=self._model.name, reason=text)


def _requests(compiled: openvino.CompiledModel, number: int) -> _Requests:
    idle = _Requests()
    for _ in range(number):
        idle.put(compiled.create_infer_request())
    return idle


def open_model(model: Model, files: Mapping[str, Path], *, precision: str) -> OpenvinoEngine:
    if precision == "bf16" and not has_bf16():
        raise CountlabError("no_bf16_here", engine="openvino-bf16")
    return OpenvinoEngine(model, graph_of(model, files), precision)


def has_bf16() -> bool:
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _shape(port: openvino.Output) -> tuple[int | None, ...]:
    return tuple(
        None if size.is_dynamic else int(size.get_length()) for size in port.get_partial_shape()
    )


@cache
def _core() -> openvino.Core:
    return openvino.Core()
