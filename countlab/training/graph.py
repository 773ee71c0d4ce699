"""An ONNX graph written node by node: convolution, norm, sum, mean, and what they need.

The names of its numbers are the names that the torch network has for them, so that a network can
be read back from a published graph. Batch norm is left as it is: engines fold it when they load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
_EPSILON = 1e-5
_HALF_FROM = 256  # numbers; smaller ones are not worth the rounding


class GraphWriter:
    """Collects nodes and numbers; every method returns the name of its result."""

    def __init__(self, weights: Mapping[str, npt.NDArray[np.float32]], *, half: bool) -> None:
        self._weights = weights
        self._half = half
        self._nodes: list[Any] = []
        self._numbers: dict[str, Any] = {}

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        result = f"{kind}_{len(self._nodes)}"
        results = [result, f"{result}_places"] if kind == "TopK" else [result]
        self._nodes.append(helper.make_node(kind, list(inputs), results, result, **attributes))
        return result

    def constant(self, name: str, values: Any) -> str:
        self._numbers.setdefault(name, numpy_helper.from_array(np.asarray(values), name))
        return name

    def weight(self, name: str) -> str:
        """A trained number, stored as float16 where that saves something and cast back."""
        values = self._weights[name]
        if not self._half or values.size < _HALF_FROM:
            return self.constant(name, values.astype(np.float32))
        result = f"{name}:float32"
        if name not in self._numbers:
            self.constant(name, values.astype(np.float16))
            self._nodes.append(helper.make_node("Cast", [name], [result], to=TensorProto.FLOAT))
        return result

    def convolution(self, x: str, name: str, *, stride: int = 1, groups: int = 1) -> str:
        """Padded so that stride 1 keeps the size; a bias if the network has one."""
        kernel = self._weights[f"{name}.weight"].shape[2:]
        pads = [size // 2 for size in kernel] * 2
        inputs = [self.weight(f"{name}.weight")]
        if f"{name}.bias" in self._weights:
            inputs.append(self.weight(f"{name}.bias"))
        return self.node(
            "Conv",
            x,
            *inputs,
            kernel_shape=list(kernel),
            pads=pads,
            strides=[stride, stride],
            group=groups,
        )

    def norm(self, x: str, name: str) -> str:
        """Nothing where the network has none."""
        if f"{name}.weight" not in self._weights:
            return x
        parts = ("weight", "bias", "running_mean", "running_var")
        numbers = [self.constant(f"{name}.{p}", self._weights[f"{name}.{p}"]) for p in parts]
        return self.node("BatchNormalization", x, *numbers, epsilon=_EPSILON)

    def save(self, *, size: tuple[int, int], outputs: Mapping[str, Sequence[Any]]) -> bytes:
        """The finished graph, checked; `outputs` names results with their shapes."""
        picture = helper.make_tensor_value_info(
            "picture", TensorProto.UINT8, ["n", size[1], size[0], 3]
        )
        results = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            for name, shape in outputs.items()
        ]
        graph = helper.make_graph(
            self._nodes, "classifier", [picture], results, list(self._numbers.values())
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="countlab",
            ir_version=8,
        )
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))

    def name(self, x: str, result: str) -> None:
        self._nodes.append(helper.make_node("Identity", [x], [result]))


def read_weights(graph: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """The trained numbers of a published graph by their names, as float32."""
    model = onnx.load_from_string(graph)
    return {
        number.name: numpy_helper.to_array(number).astype(np.float32)
        for number in model.graph.initializer
        if number.data_type in (TensorProto.FLOAT, TensorProto.FLOAT16)
    }
