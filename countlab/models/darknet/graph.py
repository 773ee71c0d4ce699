"""Builder of the ONNX graph."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from countlab.models.darknet.weights import Weights

_OPSET, _IR_VERSION = 18, 9  # runtimes of the last three years read these


class Layer(NamedTuple):
    """The output of a section: its tensor and shape."""

    tensor: str
    channels: int
    height: int
    width: int


class Graph:
    """Collects nodes and constants and gives each a name of its own."""

    def __init__(self, weights: Weights, width: int, height: int) -> None:
        self.weights, self.width, self.height = weights, width, height
        self.heads: list[str] = []
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operation.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [name], name=name, **attributes))
        return name

    def constant(self, values: Any, dtype: type[np.generic] = np.float32) -> str:
        name = f"constant_{len(self._constants)}"
        array = np.ascontiguousarray(values, dtype=dtype)
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def slice(self, tensor: str, start: int, end: int, *, axis: int) -> str:
        """The slice from start to end along one axis."""
        bounds = (self.constant([value], np.int64) for value in (start, end, axis))
        return self.add("Slice", tensor, *bounds)

    def model(self) -> onnx.ModelProto:
        self._nodes.append(helper.make_node("Concat", self.heads, ["rows"], name="rows", axis=1))
        shape = [1, 3, self.height, self.width]
        graph = helper.make_graph(
            self._nodes,
            "darknet",
            [helper.make_tensor_value_info("picture", onnx.TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("rows", onnx.TensorProto.FLOAT, [1, None, None])],
            self._constants,
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
        )
