"""Layer builders: what each kind of section adds to the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from countlab.models.darknet.config import Section
from countlab.models.darknet.graph import Graph, Layer
from countlab.models.darknet.head import add_head

_EPSILON = 1e-6  # as OpenCV, the reference; Darknet adds it to the square root instead


def _convolutional(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    previous = layers[-1]
    filters, size = section.integer("filters"), section.integer("size", 1)
    stride, groups = section.integer("stride", 1), section.integer("groups", 1)
    padding = size // 2 if section.integer("pad", 0) else section.integer("padding", 0)
    bias = graph.weights.take(filters)
    if section.integer("batch_normalize", 0):
        scale, mean, variance = (graph.weights.take(filters) for _ in range(3))
        kernel = graph.weights.take(filters, previous.channels // groups, size, size)
        factor = scale / np.sqrt(variance + np.float32(_EPSILON))
        kernel, bias = kernel * factor[:, None, None, None], bias - mean * factor
    else:
        kernel = graph.weights.take(filters, previous.channels // groups, size, size)
    tensor = graph.add(
        "Conv",
        previous.tensor,
        graph.constant(kernel),
        graph.constant(bias),
        kernel_shape=[size, size],
        strides=[stride, stride],
        pads=[padding] * 4,
        group=groups,
    )
    height, width = (
        (side + 2 * padding - size) // stride + 1 for side in (previous.height, previous.width)
    )
    return Layer(_activate(graph, tensor, section), filters, height, width)


def _activate(graph: Graph, tensor: str, section: Section) -> str:
    kind = section.values.get("activation", "linear")
    if kind == "linear":
        return tensor
    if kind == "leaky":
        return graph.add("LeakyRelu", tensor, alpha=0.1)
    if kind == "mish":
        return graph.add("Mish", tensor)
    if kind == "logistic":
        return graph.add("Sigmoid", tensor)
    if kind == "swish":
        return graph.add("Mul", tensor, graph.add("Sigmoid", tensor))
    raise section.error_at("activation")


def _shortcut(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    (other,) = _referenced(section, "from", layers)
    if other[1:] != layers[-1][1:]:
        raise section.error_at("from")
    tensor = graph.add("Add", layers[-1].tensor, other.tensor)
    return layers[-1]._replace(tensor=_activate(graph, tensor, section))


def _route(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    inputs = list(_referenced(section, "layers", layers))
    if len({layer[2:] for layer in inputs}) > 1:
        raise section.error_at("layers")
    groups, group = section.integer("groups", 1), section.integer("group_id", 0)
    if groups > 1:
        inputs = [_channel_group(graph, layer, groups, group) for layer in inputs]
    if len(inputs) == 1:
        return inputs[0]
    tensor = graph.add("Concat", *(layer.tensor for layer in inputs), axis=1)
    return inputs[0]._replace(tensor=tensor, channels=sum(layer.channels for layer in inputs))


def _channel_group(graph: Graph, layer: Layer, groups: int, group: int) -> Layer:
    size = layer.channels // groups
    return layer._replace(
        tensor=graph.slice(layer.tensor, size * group, size * (group + 1), axis=1), channels=size
    )


def _maxpool(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    """Darknet pads by size - 1 in total, the odd pixel to the right and below."""
    previous = layers[-1]
    stride = section.integer("stride", 1)
    size = section.integer("size", stride)
    padding = section.integer("padding", size - 1)
    first, last = padding // 2, padding - padding // 2
    tensor = graph.add(
        "MaxPool",
        previous.tensor,
        kernel_shape=[size, size],
        strides=[stride, stride],
        pads=[first, first, last, last],
    )
    height, width = (
        (side + padding - size) // stride + 1 for side in (previous.height, previous.width)
    )
    return Layer(tensor, previous.channels, height, width)


def _upsample(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    previous, factor = layers[-1], section.integer("stride", 2)
    tensor = graph.add(
        "Resize",
        previous.tensor,
        "",
        graph.constant([1, 1, factor, factor]),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return Layer(tensor, previous.channels, previous.height * factor, previous.width * factor)


def _dropout(_: Graph, __: Section, layers: list[Layer]) -> Layer:
    """Does nothing in inference."""
    return layers[-1]


def _referenced(section: Section, key: str, layers: list[Layer]) -> Iterator[Layer]:
    """The layers that a section refers to, by negative (relative) or absolute index."""
    for index in map(int, section.numbers(key)):
        position = len(layers) + index if index < 0 else index + 1  # layers[0] is the picture
        if not 1 <= position < len(layers):
            raise section.error_at(key)
        yield layers[position]


LAYER_BUILDERS: dict[str, Callable[[Graph, Section, list[Layer]], Layer]] = {
    "convolutional": _convolutional,
    "shortcut": _shortcut,
    "route": _route,
    "maxpool": _maxpool,
    "upsample": _upsample,
    "dropout": _dropout,
    "yolo": add_head,
}
