"""A trained network as an ONNX graph: bytes of a picture in, everything an answer needs out.

`picture` (n, height, width, 3), bytes of red, green, blue. `logits` with the temperature already
in them; `cam`, a map for each class: where the mean of all places answers, its mean and a bias is
the logit; where the strongest places do, it holds the log odds with which each place alone would
answer; `features`; `distance`, how far the picture lies from those that taught.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from onnx import TensorProto

from countlab.training.architecture import Architecture
from countlab.training.graph import GraphWriter, read_weights
from countlab.training.lab_sections import Input
from countlab.training.networks import PEAK, Network
from countlab.training.unfamiliar import Familiarity

_MIRRORED = (-1, -(2**31), 3, -1)  # from the last column down to the first


def export_graph(
    network: Network,
    picture: Input,
    *,
    temperature: float,
    familiarity: Familiarity,
    half: bool = True,
) -> bytes:
    """The graph's bytes; `half` stores the large weights in two bytes each."""
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    graph = GraphWriter({k: v for k, v in weights.items() if v.dtype.kind == "f"}, half=half)
    x = _prepared(graph, picture)
    sides = [x, _mirrored(graph, x)] if network.architecture.flip_average else [x]
    maps, features, pooled = [], [], []
    for side in sides:
        last = network.write(graph, side)
        features.append(graph.node("ReduceMean", last, axes=[2, 3], keepdims=0))
        maps.append(graph.node("Conv", last, graph.weight("linear.weight"), kernel_shape=[1, 1]))
        pooled.append(_pooled(graph, maps[-1], network.architecture))
    peaks = network.architecture.pooling == "peak"
    if peaks:
        maps = [_centered(graph, cam) for cam in maps]
    if len(maps) == 2:
        maps[1] = _mirrored(graph, maps[1])
    cooled = graph.constant("one_by_temperature", np.float32(1 / temperature))
    cam = graph.node("Mul", _mean(graph, maps), cooled)
    bias = graph.node("Mul", graph.weight("linear.bias"), cooled)
    logits = graph.node("Add", graph.node("Mul", _mean(graph, pooled), cooled), bias)
    if peaks:
        cam = _log_odds_of_each_place(graph, cam, bias)
    seen = _mean(graph, features)
    shapes = _shapes(network.architecture, picture)
    named = {"logits": logits, "cam": cam, "features": seen}
    named["distance"] = _distance(graph, seen, logits, familiarity)
    for name, result in named.items():
        graph.name(result, name)
    return graph.save(size=picture.size, outputs=shapes)


def _pooled(graph: GraphWriter, cam: str, architecture: Architecture) -> str:
    """Class maps to one number a class, before the bias."""
    if architecture.pooling == "mean":
        return graph.node("ReduceMean", cam, axes=[2, 3], keepdims=0)
    flat = graph.node("Reshape", cam, graph.constant("places", np.array([0, 0, -1])))
    strongest = graph.node("TopK", flat, graph.constant("peak", np.array([PEAK])), axis=2)
    return graph.node("ReduceMean", strongest, axes=[2], keepdims=0)


def _centered(graph: GraphWriter, cam: str) -> str:
    """A convolution of stride 2 looks around its cell's first pixel: half a cell is made up for."""
    return graph.node(
        "AveragePool", cam, kernel_shape=[2, 2], strides=[1, 1], pads=[0, 0, 1, 1]
    )  # fmt: skip


def _log_odds_of_each_place(graph: GraphWriter, cam: str, bias: str) -> str:
    """Of a place's answer if it were the whole picture: above 0 where it speaks for the class."""
    everywhere = graph.constant("everywhere", np.array([1, -1, 1, 1]))
    sure = graph.node("Add", cam, graph.node("Reshape", bias, everywhere))
    sure = graph.node("Softmax", sure, axis=1)
    unsure = graph.node("Sub", graph.constant("certain", np.float32(1)), sure)
    least = graph.constant("least", np.float32(1e-6))
    logs = [graph.node("Log", graph.node("Max", x, least)) for x in (sure, unsure)]
    return graph.node("Sub", *logs)


def network_from_graph(graph: bytes, architecture: Architecture) -> Network:
    """The trained network again, from what was published."""
    weights = read_weights(graph)
    network = Network(architecture)
    numbers = {
        name: torch.from_numpy(weights[name].copy()) if name in weights else value
        for name, value in network.state_dict().items()
    }
    network.load_state_dict(numbers)
    return network.eval()


def _prepared(graph: GraphWriter, picture: Input) -> str:
    x = graph.node("Cast", "picture", to=TensorProto.FLOAT)
    x = graph.node("Transpose", x, perm=[0, 3, 1, 2])
    x = graph.node("Div", x, graph.constant("white", np.float32(255)))
    if picture.grey:
        grey = np.array([0.299, 0.587, 0.114], np.float32).reshape(1, 3, 1, 1)
        x = graph.node("Mul", x, graph.constant("grey", grey))
        x = graph.node("ReduceSum", x, graph.constant("channels", np.array([1])), keepdims=1)
    for kind, name in (("Sub", "mean"), ("Div", "std")):
        values = np.array(getattr(picture, name), np.float32).reshape(1, -1, 1, 1)
        x = graph.node(kind, x, graph.constant(name, values))
    return x


def _mirrored(graph: GraphWriter, x: str) -> str:
    names = ("mirror_from", "mirror_to", "mirror_axis", "mirror_step")
    numbers = [
        graph.constant(name, np.array([value]))
        for name, value in zip(names, _MIRRORED, strict=True)
    ]
    return graph.node("Slice", x, *numbers)


def _mean(graph: GraphWriter, parts: list[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    both = graph.node("Add", *parts)
    return graph.node("Mul", both, graph.constant("half", np.float32(0.5)))


def _distance(graph: GraphWriter, features: str, logits: str, familiarity: Familiarity) -> str:
    length = graph.node("ReduceL2", features, axes=[1], keepdims=1)
    length = graph.node("Max", length, graph.constant("tiny", np.float32(1e-6)))
    unit = graph.node("Div", features, length)
    turned = graph.node("MatMul", unit, graph.constant("whitening", familiarity.whitening))
    wide = graph.node("Unsqueeze", turned, graph.constant("channels", np.array([1])))
    apart = graph.node("Sub", wide, graph.constant("middles", familiarity.middles[None]))
    squares = graph.node("Mul", apart, apart)
    sums = graph.node("ReduceSum", squares, graph.constant("last", np.array([2])), keepdims=0)
    far = graph.node("Sqrt", graph.node("ReduceMin", sums, axes=[1], keepdims=0))
    said = graph.node("ReduceMax", logits, axes=[1], keepdims=0)
    signs = []
    for name, sign, usual in (
        ("far", far, familiarity.usual_distance),
        ("said", said, familiarity.usual_logit),
    ):
        middle = graph.constant(f"usual_{name}", np.float32(usual[0]))
        spread = graph.constant(f"spread_{name}", np.float32(usual[1]))
        signs.append(graph.node("Div", graph.node("Sub", sign, middle), spread))
    return graph.node("Sub", *signs)


def _shapes(architecture: Architecture, picture: Input) -> dict[str, list[Any]]:
    with torch.no_grad():
        channels = architecture.blocks[0].channels_in
        blank = torch.zeros(1, channels, picture.size[1], picture.size[0])
        high, wide = Network(architecture).eval().maps(blank).shape[2:]
    return {
        "logits": ["n", architecture.classes],
        "cam": ["n", architecture.classes, high, wide],
        "features": ["n", architecture.features],
        "distance": ["n"],
    }
