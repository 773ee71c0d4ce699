"""Small ONNX graphs whose answers are known: detectors and classifiers of plain colors.

A detector looks at cells of 8 × 8 input pixels. A cell's score for a label is the mean of its
color there, so a red cell in a gray picture is a finding "red" with the cell as its box.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

WIDTH, HEIGHT, CELL = 96, 64, 8
COLUMNS, ROWS = WIDTH // CELL, HEIGHT // CELL
LABELS = ("red", "green", "blue")
_ELEMENTS = {
    "float32": TensorProto.FLOAT,
    "float16": TensorProto.FLOAT16,
    "uint8": TensorProto.UINT8,
}


@dataclass
class Graph:
    """Nodes and constants of a graph while it is being written."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, values: object, dtype: Any = np.float32) -> str:
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, dtype), name))
        return name

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operation.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name], **attributes))
        return name


@dataclass(frozen=True)
class Input:
    """The form in which a graph takes its picture."""

    element: str = "float32"
    channels: int = 3
    channels_last: bool = False
    batch: int | str = 1
    height: int | str = HEIGHT
    width: int | str = WIDTH

    @property
    def shape(self) -> list[int | str]:
        if self.channels_last:
            return [self.batch, self.height, self.width, self.channels]
        return [self.batch, self.channels, self.height, self.width]

    def planes(self, graph: Graph) -> str:
        """The picture as planes of numbers from 0 to 1, for the rest of the graph."""
        name = "images"
        if self.element != "float32":
            name = graph.add("Cast", name, to=TensorProto.FLOAT)
        if self.channels_last:
            name = graph.add("Transpose", name, perm=[0, 3, 1, 2])
        if self.element == "uint8":
            name = graph.add("Mul", name, graph.constant(1 / 255))
        return name


def save(
    path: Path,
    graph: Graph,
    outputs: Sequence[str],
    *,
    picture: Input | None = None,
    inputs: Sequence[onnx.ValueInfoProto] = (),
    names: Sequence[str] = ("output0",),
) -> Path:
    """Writes the graph; its outputs are renamed as exporters name theirs."""
    picture = picture or Input()
    for output, name in zip(outputs, names, strict=True):
        graph.nodes.append(helper.make_node("Identity", [output], [name]))
    taken = [
        helper.make_tensor_value_info("images", _ELEMENTS[picture.element], picture.shape),
        *inputs,
    ]
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "colors", taken, given, graph.constants),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    path.write_bytes(onnx.shape_inference.infer_shapes(model).SerializeToString())
    return path


def detector(
    path: Path,
    family: str,
    *,
    output: str = "output0",
    picture: Input | None = None,
    labels: int | None = None,
) -> Path:
    """A detector of colors whose output has the form of this family."""
    picture = picture or Input()
    graph = Graph()
    cells = graph.add(
        "AveragePool", picture.planes(graph), kernel_shape=[CELL, CELL], strides=[CELL, CELL]
    )
    scores = graph.add("Reshape", cells, graph.constant([1, picture.channels, -1], np.int64))
    if labels is not None:  # more or fewer classes than there are colors
        extra = np.zeros((1, max(0, labels - picture.channels), COLUMNS * ROWS))
        scores = graph.add("Concat", scores, graph.constant(extra), axis=1)
    rows = FAMILIES[family](graph, scores)
    return save(path, graph, [rows], picture=picture, names=[output])


def classifier(path: Path, *, picture: Input | None = None, output: str = "logits") -> Path:
    """Scores of a picture's mean color, sharpened so that softmax has a clear winner."""
    picture = picture or Input()
    graph = Graph()
    means = graph.add("Flatten", graph.add("GlobalAveragePool", picture.planes(graph)))
    scores = graph.add("Mul", means, graph.constant(10))
    return save(path, graph, [scores], picture=picture, names=[output])


def classifier_with_maps(path: Path) -> Path:
    """As the labs' graphs: bytes in, and beside the scores a map a class and a distance."""
    picture = Input(element="uint8", channels_last=True)
    graph = Graph()
    cells = graph.add(
        "AveragePool", picture.planes(graph), kernel_shape=[CELL, CELL], strides=[CELL, CELL]
    )
    mean = graph.add("ReduceMean", cells, axes=[1])
    maps = graph.add("Mul", graph.add("Sub", cells, mean), graph.constant(10))
    scores = graph.add("ReduceMean", maps, axes=[2, 3], keepdims=0)
    distance = graph.add("ReduceMean", cells, axes=[1, 2, 3], keepdims=0)
    outputs = [scores, maps, distance]
    return save(path, graph, outputs, picture=picture, names=["logits", "cam", "distance"])


def constant_output(path: Path, *shapes: Sequence[int], names: Sequence[str] = ()) -> Path:
    """A graph of the right input whose outputs have these shapes, all of them zero."""
    graph = Graph()
    nothing = graph.add("Mul", graph.add("ReduceMean", "images", keepdims=0), graph.constant(0))
    outputs = [graph.add("Add", nothing, graph.constant(np.zeros(shape))) for shape in shapes]
    return save(path, graph, outputs, names=names or [f"output{i}" for i in range(len(shapes))])


def _centers() -> NDArray[np.float32]:
    """Center and size of each cell, as four rows."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].reshape(2, -1) * CELL + CELL / 2
    return np.stack([x, y, np.full_like(x, CELL), np.full_like(y, CELL)])[None].astype(np.float32)


def _yolov3(graph: Graph, scores: str) -> str:
    shares = _centers() / np.array([WIDTH, HEIGHT, WIDTH, HEIGHT]).reshape(1, 4, 1)
    highest = graph.add("ReduceMax", scores, axes=[1])
    columns = graph.add("Concat", graph.constant(shares), highest, scores, axis=1)
    return graph.add("Transpose", columns, perm=[0, 2, 1])


def _yolov5(graph: Graph, scores: str) -> str:
    highest = graph.add("ReduceMax", scores, axes=[1])
    columns = graph.add("Concat", graph.constant(_centers()), highest, scores, axis=1)
    return graph.add("Transpose", columns, perm=[0, 2, 1])


def _yolov8(graph: Graph, scores: str) -> str:
    return graph.add("Concat", graph.constant(_centers()), scores, axis=1)


def _yolov10(graph: Graph, scores: str) -> str:
    centers = _centers()
    corners = np.concatenate(
        [centers[:, :2] - centers[:, 2:] / 2, centers[:, :2] + centers[:, 2:] / 2], axis=1
    )
    highest = graph.add("ReduceMax", scores, axes=[1])
    label = graph.add("Cast", graph.add("ArgMax", scores, axis=1), to=TensorProto.FLOAT)
    columns = graph.add("Concat", graph.constant(corners), highest, label, axis=1)
    return graph.add("Transpose", columns, perm=[0, 2, 1])


FAMILIES: dict[str, Callable[[Graph, str], str]] = {
    "yolov3": _yolov3,
    "yolov5": _yolov5,
    "yolov8": _yolov8,
    "yolov10": _yolov10,
}
