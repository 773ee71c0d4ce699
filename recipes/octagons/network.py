"""The octagons' detector in torch: countlab's own blocks, one head, and how it becomes a graph.

Its first blocks, up to an eighth of the picture's side, are what the lab's classifier begins with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from onnx import TensorProto
from torch import nn
from torch.nn import functional

from countlab.training.architecture import Block
from countlab.training.graph import GraphWriter
from countlab.training.networks import Residual, Stem

STRIDE = 8
KINDS = 4
SHALLOW = (
    Block("stem", 3, 0, 16, 2),
    Block("residual", 16, 24, 24, 2),
    Block("residual", 24, 48, 48, 2),
    Block("residual", 48, 64, 64),
)
DEEP = (Block("residual", 64, 96, 96, 2), Block("residual", 96, 96, 96))
LEGIBLE = 0.6
"""A kind surer than this is named; below it the answer is “unread octagon”."""
MEAN, STD = 0.5, 0.27


class OctagonDetector(nn.Module):
    """For each cell of 8 × 8 pixels: four sides, is it an octagon's middle, which kind."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Stem(block) if block.kind == "stem" else Residual(block) for block in (*SHALLOW, *DEEP)
        )
        narrow, wide = SHALLOW[-1].channels_out, DEEP[-1].channels_out
        self.around = nn.Conv2d(wide, narrow, 1)
        self.mix = nn.Conv2d(narrow, narrow, 3, 1, 1, bias=False)
        self.mix_norm = nn.BatchNorm2d(narrow)
        self.head = nn.Conv2d(narrow, 5 + KINDS, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        with torch.no_grad():
            self.head.bias[:4] = 1.0
            self.head.bias[4] = -4.6

    def forward(self, x: Any) -> Any:
        """Numbers of every cell, (n, 9, rows, columns); `x` is 0 to 1."""
        x = (x - MEAN) / STD
        for block in self.blocks[: len(SHALLOW)]:
            x = block(x)
        deep = x
        for block in self.blocks[len(SHALLOW) :]:
            deep = block(deep)
        x = x + functional.interpolate(self.around(deep), scale_factor=2.0, mode="nearest")
        return self.head(functional.relu(self.mix_norm(self.mix(x))))


def corners(cells: Any) -> Any:
    """Left, top, right, bottom in pixels, (n, 4, rows, columns), from the head's four sides."""
    rows, columns = cells.shape[2:]
    sides = cells[:, :4].clamp(-4, 4).exp() * STRIDE
    x = (torch.arange(columns) + 0.5) * STRIDE
    y = ((torch.arange(rows) + 0.5) * STRIDE)[:, None]
    left, top, right, bottom = sides.unbind(1)
    return torch.stack([x - left, y - top, x + right, y + bottom], 1)


def export_detector(network: OctagonDetector, side: int) -> bytes:
    """Bytes of a picture in, YOLOv8's rows out: center, size, a score for each label."""
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    graph = GraphWriter({k: v for k, v in weights.items() if v.dtype.kind == "f"}, half=True)
    x = graph.node("Cast", "picture", to=TensorProto.FLOAT)
    x = graph.node("Transpose", x, perm=[0, 3, 1, 2])
    x = graph.node("Div", x, graph.constant("white", np.float32(255)))
    x = graph.node("Sub", x, graph.constant("mean", np.float32(MEAN)))
    x = graph.node("Div", x, graph.constant("std", np.float32(STD)))
    for at in range(len(SHALLOW)):
        x = network.blocks[at].write(graph, x, f"blocks.{at}")
    deep = x
    for at in range(len(SHALLOW), len(network.blocks)):
        deep = network.blocks[at].write(graph, deep, f"blocks.{at}")
    around = graph.convolution(deep, "around")
    scales = graph.constant("twice", np.array([1, 1, 2, 2], np.float32))
    around = graph.node(
        "Resize", around, "", scales,
        mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    )  # fmt: skip
    x = graph.node("Add", x, around)
    x = graph.node("Relu", graph.norm(graph.convolution(x, "mix"), "mix_norm"))
    rows = _rows(graph, graph.convolution(x, "head"), side)
    graph.name(rows, "detections")
    number = (side // STRIDE) ** 2
    return graph.save(size=(side, side), outputs={"detections": ["n", 5 + KINDS, number]})


def _rows(graph: GraphWriter, cells: str, side: int) -> str:
    """What `corners` does, and one score a label: a kind that can be read, or else none."""
    count = side // STRIDE
    flat = graph.constant("flat", np.array([0, 5 + KINDS, count * count], np.int64))
    cells = graph.node("Reshape", cells, flat)

    low, high = (graph.constant(f"limit_{v}", np.float32(v)) for v in (-4, 4))
    sides = graph.node("Exp", graph.node("Clip", _slice(graph, cells, 0, 4), low, high))
    sides = graph.node("Mul", sides, graph.constant("stride", np.float32(STRIDE)))
    ys, xs = np.mgrid[0:count, 0:count].reshape(2, 1, -1) + 0.5
    cell = np.concatenate([xs, ys])[None].astype(np.float32) * STRIDE
    lefts = _slice(graph, sides, 0, 2)
    rights = _slice(graph, sides, 2, 4)
    half = graph.constant("one_half", np.float32(0.5))
    offset = graph.node("Mul", graph.node("Sub", rights, lefts), half)
    middle = graph.node("Add", offset, graph.constant("cells", cell))
    size = graph.node("Add", lefts, rights)
    sure = graph.node("Sigmoid", _slice(graph, cells, 4, 5))
    kinds = graph.node("Softmax", _slice(graph, cells, 5, 5 + KINDS), axis=1)
    named = graph.node("Greater", kinds, graph.constant("legible", np.float32(LEGIBLE)))
    named = graph.node("Cast", named, to=TensorProto.FLOAT)
    axis = graph.constant("kind_axis", np.array([1], np.int64))
    any_named = graph.node("ReduceSum", named, axis, keepdims=1)
    unnamed = graph.node("Sub", graph.constant("one", np.float32(1)), any_named)
    scores = [graph.node("Mul", sure, mask) for mask in (named, unnamed)]
    return graph.node("Concat", middle, size, *scores, axis=1)


def _slice(graph: GraphWriter, x: str, first: int, last: int) -> str:
    names = [graph.constant(f"at_{v}", np.array([v], np.int64)) for v in (first, last)]
    return graph.node("Slice", x, *names, graph.constant("at_1", np.array([1], np.int64)))
