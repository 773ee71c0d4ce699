"""The network, built by reading a Darknet configuration.

Owns the layers, their cost, and the order in which Darknet keeps their weights.
It does not know how it is trained or what its labels mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recipes.fruits.cfg import Section, sections

LEAKY_SLOPE = 0.1  # Darknet's
BN_EPS = 1e-6  # what OpenCV's importer takes for Darknet batch norms


@dataclass(frozen=True)
class Head:
    """What turns one output map into boxes: anchors in input pixels, and the centre's stretch."""

    anchors: tuple[tuple[int, int], ...]
    stride: int
    scale_xy: float
    classes: int


@dataclass(frozen=True)
class Cost:
    """Floating-point operations for one picture (2 x multiply-add) and bytes of weights."""

    flop: int
    weight_bytes: int


class Network(nn.Module):
    """Calling it gives one raw map per head, coarse head first."""

    def __init__(self, cfg_text: str) -> None:
        super().__init__()
        parts = sections(cfg_text)
        self.size = parts[0].whole("width")
        self.kinds = [part.kind for part in parts[1:]]
        self.sources: list[list[int]] = []
        self.heads: list[Head] = []
        self.layers = nn.ModuleList()
        channels: list[int] = []
        strides: list[int] = []
        self.flop = 0
        for index, part in enumerate(parts[1:]):
            before = channels[-1] if channels else parts[0].whole("channels", 3)
            stride = strides[-1] if strides else 1
            sources = _sources(part, index)
            if part.kind == "convolutional":
                stride *= part.whole("stride", 1)
                layer, width = _convolution(part, before)
                self.flop += _convolution_flop(part, before, self.size // stride)
            elif part.kind == "shortcut":
                layer, width = nn.Identity(), before
            elif part.kind == "route":
                layer, width = nn.Identity(), sum(channels[s] for s in sources)
                stride = strides[sources[0]]
            elif part.kind == "upsample":
                layer, width = (
                    nn.Upsample(scale_factor=part.whole("stride"), mode="nearest"),
                    before,
                )
                stride //= part.whole("stride")
            elif part.kind == "maxpool":
                layer, width = _same_size_pool(part), before
            elif part.kind == "yolo":
                layer, width = nn.Identity(), before
                self.heads.append(_head(part, stride))
            else:
                raise ValueError(f"[{part.kind}] is not known here; see network.py for what is")
            self.layers.append(layer)
            self.sources.append(sources)
            channels.append(width)
            strides.append(stride)
        kept = {s for sources in self.sources for s in sources}
        self.kept = [index in kept for index in range(len(self.layers))]

    def forward(self, pictures: Tensor) -> list[Tensor]:
        kept: dict[int, Tensor] = {}
        maps: list[Tensor] = []
        x = pictures
        for index, (kind, layer) in enumerate(zip(self.kinds, self.layers, strict=True)):
            sources = self.sources[index]
            if kind == "shortcut":
                x = x + kept[sources[0]]
            elif kind == "route":
                x = (
                    kept[sources[0]]
                    if len(sources) == 1
                    else torch.cat([kept[s] for s in sources], dim=1)
                )
            elif kind == "yolo":
                maps.append(x)
            else:
                x = layer(x)
            if self.kept[index]:
                kept[index] = x
        return maps

    def convolutions(self) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
        """Every convolution with its batch norm, in the order of the file."""
        for kind, layer in zip(self.kinds, self.layers, strict=True):
            if kind == "convolutional":
                assert isinstance(layer, nn.Sequential)
                conv, after = layer[0], layer[1] if len(layer) > 1 else None
                assert isinstance(conv, nn.Conv2d)
                yield conv, after if isinstance(after, nn.BatchNorm2d) else None

    def cost(self) -> Cost:
        """What one picture costs, and what the weights file will weigh."""
        floats = sum(
            conv.weight.numel() + (4 * conv.out_channels if norm else conv.out_channels)
            for conv, norm in self.convolutions()
        )
        return Cost(flop=self.flop, weight_bytes=20 + 4 * floats)


def _sources(part: Section, index: int) -> list[int]:
    key = {"route": "layers", "shortcut": "from"}.get(part.kind)
    if key is None:
        return []
    return [s if s >= 0 else index + s for s in part.list(key)]


def _convolution(part: Section, channels: int) -> tuple[nn.Module, int]:
    width, size = part.whole("filters"), part.whole("size")
    norm = bool(part.whole("batch_normalize", 0))
    conv = nn.Conv2d(
        channels,
        width,
        size,
        stride=part.whole("stride", 1),
        padding=size // 2 if part.whole("pad", 0) else 0,
        bias=not norm,
    )
    steps: list[nn.Module] = [conv]
    if norm:
        steps.append(nn.BatchNorm2d(width, eps=BN_EPS, momentum=0.03))
    if part.values.get("activation") == "leaky":
        steps.append(nn.LeakyReLU(LEAKY_SLOPE, inplace=True))
    return nn.Sequential(*steps), width


def _convolution_flop(part: Section, channels: int, side: int) -> int:
    return 2 * part.whole("size") ** 2 * channels * part.whole("filters") * side * side


def _same_size_pool(part: Section) -> nn.Module:
    size = part.whole("size")
    if part.whole("stride") != 1 or size % 2 == 0:
        raise ValueError("only maxpool of odd size with stride=1 is known here; change the cfg")
    return nn.MaxPool2d(size, stride=1, padding=size // 2)


def _head(part: Section, stride: int) -> Head:
    flat = part.list("anchors")
    pairs = list(zip(flat[::2], flat[1::2], strict=True))
    return Head(
        anchors=tuple(pairs[m] for m in part.list("mask")),
        stride=stride,
        scale_xy=part.decimal("scale_x_y", 1.0),
        classes=part.whole("classes"),
    )
