"""Networks in torch, and beside each part how it is written into a graph.

All end alike: the mean over the last map, then one linear layer. So the class activation map is
the linear layer applied before the mean, and the answer is the mean of that map; or, where pooling
is `peak`, the mean of its strongest places.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from countlab.training.architecture import Architecture, Block
from countlab.training.graph import GraphWriter

PEAK = 4
"""Places of a class map that speak for it where pooling is `peak`: a thing of a few cells."""


def _pair(
    channels_in: int, channels_out: int, size: int, stride: int = 1, groups: int = 1, *, norm: bool
) -> Any:
    """A convolution and its norm; without norm a bias stands in the convolution."""
    conv = nn.Conv2d(
        channels_in, channels_out, size, stride, size // 2, groups=groups, bias=not norm
    )
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    if not norm:
        nn.init.zeros_(conv.bias)
    return conv, nn.BatchNorm2d(channels_out) if norm else nn.Identity()


class Stem(nn.Module):
    """One convolution from the picture's channels to the first stage's."""

    def __init__(self, block: Block, *, norm: bool = True) -> None:
        super().__init__()
        self.stride = block.stride
        self.conv, self.norm = _pair(
            block.channels_in, block.channels_out, 3, block.stride, norm=norm
        )

    def forward(self, x: Any) -> Any:
        return functional.relu(self.norm(self.conv(x)))

    def write(self, graph: GraphWriter, x: str, name: str) -> str:
        x = graph.convolution(x, f"{name}.conv", stride=self.stride)
        return graph.node("Relu", graph.norm(x, f"{name}.norm"))


class LeNet(nn.Module):
    """Two 5×5 convolutions, each followed by 2×2 pooling."""

    def __init__(self, block: Block, *, norm: bool = True) -> None:
        super().__init__()
        self.conv1, self.norm1 = _pair(block.channels_in, block.hidden, 5, norm=norm)
        self.conv2, self.norm2 = _pair(block.hidden, block.channels_out, 5, norm=norm)

    def forward(self, x: Any) -> Any:
        x = functional.max_pool2d(functional.relu(self.norm1(self.conv1(x))), 2)
        return functional.max_pool2d(functional.relu(self.norm2(self.conv2(x))), 2)

    def write(self, graph: GraphWriter, x: str, name: str) -> str:
        for number in ("1", "2"):
            x = graph.convolution(x, f"{name}.conv{number}")
            x = graph.node("Relu", graph.norm(x, f"{name}.norm{number}"))
            x = graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        return x


class Residual(nn.Module):
    """Two 3×3 convolutions beside a shortcut, which is pooled and widened where it must be."""

    def __init__(self, block: Block, *, norm: bool = True) -> None:
        super().__init__()
        self.stride, self.skip_rate = block.stride, 0.0
        self.conv1, self.norm1 = _pair(block.channels_in, block.hidden, 3, block.stride, norm=norm)
        self.conv2, self.norm2 = _pair(block.hidden, block.channels_out, 3, norm=norm)
        self.widens = block.channels_in != block.channels_out
        if self.widens:
            self.conv3, self.norm3 = _pair(block.channels_in, block.channels_out, 1, norm=norm)

    def forward(self, x: Any) -> Any:
        side = x
        if self.stride == 2:
            side = functional.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)
        if self.widens:
            side = self.norm3(self.conv3(side))
        x = self.norm2(self.conv2(functional.relu(self.norm1(self.conv1(x)))))
        return functional.relu(side + _drop_path(x, self.skip_rate, self.training))

    def write(self, graph: GraphWriter, x: str, name: str) -> str:
        side = x
        if self.stride == 2:
            twos = [2, 2]
            side = graph.node("AveragePool", x, kernel_shape=twos, strides=twos, ceil_mode=1)
        if self.widens:
            side = graph.norm(graph.convolution(side, f"{name}.conv3"), f"{name}.norm3")
        x = graph.convolution(x, f"{name}.conv1", stride=self.stride)
        x = graph.node("Relu", graph.norm(x, f"{name}.norm1"))
        x = graph.norm(graph.convolution(x, f"{name}.conv2"), f"{name}.norm2")
        return graph.node("Relu", graph.node("Add", side, x))


class Mobile(nn.Module):
    """Widen by 1×1, look around channel by channel, narrow by 1×1."""

    def __init__(self, block: Block, *, norm: bool = True) -> None:
        super().__init__()
        self.stride, self.skip_rate, hidden = block.stride, 0.0, block.hidden
        self.conv1, self.norm1 = _pair(block.channels_in, hidden, 1, norm=norm)
        self.conv2, self.norm2 = _pair(hidden, hidden, 3, block.stride, hidden, norm=norm)
        self.conv3, self.norm3 = _pair(hidden, block.channels_out, 1, norm=norm)
        self.adds = block.stride == 1 and block.channels_in == block.channels_out

    def forward(self, x: Any) -> Any:
        side = x
        x = functional.relu(self.norm1(self.conv1(x)))
        x = functional.relu(self.norm2(self.conv2(x)))
        x = self.norm3(self.conv3(x))
        return side + _drop_path(x, self.skip_rate, self.training) if self.adds else x

    def write(self, graph: GraphWriter, x: str, name: str) -> str:
        side, groups = x, self.conv2.groups
        x = graph.node("Relu", graph.norm(graph.convolution(x, f"{name}.conv1"), f"{name}.norm1"))
        x = graph.convolution(x, f"{name}.conv2", stride=self.stride, groups=groups)
        x = graph.node("Relu", graph.norm(x, f"{name}.norm2"))
        x = graph.norm(graph.convolution(x, f"{name}.conv3"), f"{name}.norm3")
        return graph.node("Add", side, x) if self.adds else x


_KINDS = {"stem": Stem, "lenet": LeNet, "residual": Residual, "mobile": Mobile}


def _drop_path(x: Any, skip_rate: float, training: bool) -> Any:
    """Stochastic depth: a block is left out for some pictures of the batch."""
    if not training or skip_rate == 0:
        return x
    kept = torch.rand(len(x), 1, 1, 1, dtype=x.dtype, device=x.device) >= skip_rate
    return x * kept / (1 - skip_rate)


class Network(nn.Module):
    """Blocks, then the linear layer as a 1×1 convolution over the last map."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.blocks = nn.ModuleList(
            _KINDS[block.kind](block, norm=architecture.norm) for block in architecture.blocks
        )
        rates = torch.linspace(0, architecture.drop_path, len(self.blocks)).tolist()
        for block, rate in zip(self.blocks, rates, strict=True):
            if hasattr(block, "skip_rate"):
                block.skip_rate = rate
        self.linear = nn.Conv2d(architecture.features, architecture.classes, 1)
        nn.init.normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def maps(self, x: Any) -> Any:
        """The last features, before the mean over the picture."""
        for block in self.blocks:
            x = block(x)
        return x

    def answer(self, maps: Any) -> Any:
        """Features to logits."""
        rate = self.architecture.dropout
        if self.architecture.pooling == "peak":
            cam = self.linear(functional.dropout2d(maps, rate, self.training))
            return cam.flatten(2).topk(PEAK, dim=2).values.mean(2)
        features = functional.dropout(maps.mean((2, 3)), rate, self.training)
        return self.linear(features[:, :, None, None])[:, :, 0, 0]

    def forward(self, x: Any) -> Any:
        return self.answer(self.maps(x))

    def write(self, graph: GraphWriter, x: str) -> str:
        for number, block in enumerate(self.blocks):
            x = block.write(graph, x, f"blocks.{number}")
        return x


def thin_block_weights(block: Block, kept: Any) -> dict[str, tuple[str, Any]]:
    """Which numbers of a block lose channels, along which side (`out` or `in`)."""
    if block.kind == "stem":
        return {}
    sides = {"conv1.weight": "out", "conv2.weight": "in"}
    if block.kind == "mobile":
        sides = {"conv1.weight": "out", "conv2.weight": "out", "conv3.weight": "in"}
    norms = ("norm1", "norm2") if block.kind == "mobile" else ("norm1",)
    parts = ("weight", "bias", "running_mean", "running_var")
    sides |= {f"{norm}.{part}": "out" for norm in norms for part in parts}
    sides |= {f"conv{norm[-1]}.bias": "out" for norm in norms}
    return {name: (side, kept) for name, side in sides.items()}
