"""What each kind of section adds to the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from countlab.models.darknet.config import Section
from countlab.models.darknet.graph import Graph, Layer
from countlab.models.darknet.head import add_head

_EPSILON = 1e-6  # OpenCV's, which is the reference; Darknet adds it to the root instead


def _convolutional(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    before = layers[-1]
    filters, size = section.whole("filters"), section.whole("size", 1)
    stride, groups = section.whole("stride", 1), section.whole("groups", 1)
    padding = size // 2 if section.whole("pad", 0) else section.whole("padding", 0)
    bias = graph.weights.take(filters)
    if section.whole("batch_normalize", 0):
        scale, mean, variance = (graph.weights.take(filters) for _ in range(3))
        kernel = graph.weights.take(filters, before.channels // groups, size, size)
        factor = scale / np.sqrt(variance + np.float32(_EPSILON))
        kernel, bias = kernel * factor[:, None, None, None], bias - mean * factor
    else:
        kernel = graph.weights.take(filters, before.channels // groups, size, size)
    tensor = graph.add(
        "Conv",
        before.tensor,
        graph.constant(kernel),
        graph.constant(bias),
        kernel_shape=[size, size],
        strides=[stride, stride],
        pads=[padding] * 4,
        group=groups,
    )
    height, width = (
        (side + 2 * padding - size) // stride + 1 for side in (before.height, before.width)
    )
    return Layer(_activated(graph, tensor, section), filters, height, width)


def _activated(graph: Graph, tensor: str, section: Section) -> str:
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
    raise section.refused(f"activation={kind}")


def _shortcut(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    (other,) = _named(section, "from", layers)
    if other[1:] != layers[-1][1:]:
        raise section.refused(f"from={section.values['from']}")
    tensor = graph.add("Add", layers[-1].tensor, other.tensor)
    return layers[-1]._replace(tensor=_activated(graph, tensor, section))


def _route(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    joined = list(_named(section, "layers", layers))
    if len({layer[2:] for layer in joined}) > 1:
        raise section.refused(f"layers={section.values['layers']}")
    groups, group = section.whole("groups", 1), section.whole("group_id", 0)
    if groups > 1:
        joined = [_group(graph, layer, groups, group) for layer in joined]
    if len(joined) == 1:
        return joined[0]
    tensor = graph.add("Concat", *(layer.tensor for layer in joined), axis=1)
    return joined[0]._replace(tensor=tensor, channels=sum(layer.channels for layer in joined))


def _group(graph: Graph, layer: Layer, groups: int, group: int) -> Layer:
    size = layer.channels // groups
    return layer._replace(
        tensor=graph.part(layer.tensor, size * group, size * (group + 1), axis=1), channels=size
    )


def _maxpool(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    """Darknet pads by size - 1 in all, the odd one to the right and below."""
    before = layers[-1]
    stride = section.whole("stride", 1)
    size = section.whole("size", stride)
    padding = section.whole("padding", size - 1)
    first, last = padding // 2, padding - padding // 2
    tensor = graph.add(
        "MaxPool",
        before.tensor,
        kernel_shape=[size, size],
        strides=[stride, stride],
        pads=[first, first, last, last],
    )
    height, width = (
        (side + padding - size) // stride + 1 for side in (before.height, before.width)
    )
    return Layer(tensor, before.channels, height, width)


def _upsample(graph: Graph, section: Section, layers: list[Layer]) -> Layer:
    before, times = layers[-1], section.whole("stride", 2)
    tensor = graph.add(
        "Resize",
        before.tensor,
        "",
        graph.constant([1, 1, times, times]),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return Layer(tensor, before.channels, before.height * times, before.width * times)


def _dropout(_: Graph, __: Section, layers: list[Layer]) -> Layer:
    """Only training drops."""
    return layers[-1]


def _named(section: Section, key: str, layers: list[Layer]) -> Iterator[Layer]:
    """The layers a section names: counted back from itself, or from the first one on."""
    for index in map(int, section.numbers(key)):
        place = len(layers) + index if index < 0 else index + 1  # layers[0] is the picture
        if not 1 <= place < len(layers):
            raise section.refused(f"{key}={section.values[key]}")
        yield layers[place]


KINDS: dict[str, Callable[[Graph, Section, list[Layer]], Layer]] = {
    "convolutional": _convolutional,
    "shortcut": _shortcut,
    "route": _route,
    "maxpool": _maxpool,
    "upsample": _upsample,
    "dropout": _dropout,
    "yolo": add_head,
}
