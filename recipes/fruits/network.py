"""YOLO network built from a Darknet configuration.

Defines the layers, their cost, and the order in which Darknet stores their weights. Training and
labels are handled elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recipes.fruits.darknet_cfg import Section, parse_sections

LEAKY_SLOPE = 0.1  # as in Darknet
BN_EPS = 1e-6  # used by OpenCV's importer for Darknet batch norms


@dataclass(frozen=True)
class Head:
    """Parameters of an output map: anchors in input pixels, stride, scale of the center offset."""

    anchors: tuple[tuple[int, int], ...]
    stride: int
    scale_xy: float
    classes: int


@dataclass(frozen=True)
class Cost:
    """Floating-point operations for one picture (2 per multiply-add) and bytes of weights."""

    flop: int
    weight_bytes: int


class Network(nn.Module):
    """Returns one raw map per head, coarse head first."""

    def __init__(self, cfg_text: str) -> None:
        super().__init__()
        sections = parse_sections(cfg_text)
        self.size = sections[0].integer("width")
        self.kinds = [section.kind for section in sections[1:]]
        self.sources: list[list[int]] = []
        self.heads: list[Head] = []
        self.layers = nn.ModuleList()
        channels: list[int] = []
        strides: list[int] = []
        self.flop = 0
        for index, section in enumerate(sections[1:]):
            in_channels = channels[-1] if channels else sections[0].integer("channels", 3)
            stride = strides[-1] if strides else 1
            sources = _source_layers(section, index)
            if section.kind == "convolutional":
                stride *= section.integer("stride", 1)
                layer, out_channels = _convolution(section, in_channels)
                self.flop += _convolution_flop(section, in_channels, self.size // stride)
            elif section.kind == "shortcut":
                layer, out_channels = nn.Identity(), in_channels
            elif section.kind == "route":
                layer, out_channels = nn.Identity(), sum(channels[s] for s in sources)
                stride = strides[sources[0]]
            elif section.kind == "upsample":
                layer, out_channels = (
                    nn.Upsample(scale_factor=section.integer("stride"), mode="nearest"),
                    in_channels,
                )
                stride //= section.integer("stride")
            elif section.kind == "maxpool":
                layer, out_channels = _max_pool(section), in_channels
            elif section.kind == "yolo":
                layer, out_channels = nn.Identity(), in_channels
                self.heads.append(_head(section, stride))
            else:
                raise ValueError(f"[{section.kind}] is not supported; network.py lists the kinds")
            self.layers.append(layer)
            self.sources.append(sources)
            channels.append(out_channels)
            strides.append(stride)
        used = {s for sources in self.sources for s in sources}
        self.is_used = [index in used for index in range(len(self.layers))]

    def forward(self, pictures: Tensor) -> list[Tensor]:
        outputs: dict[int, Tensor] = {}
        maps: list[Tensor] = []
        x = pictures
        for index, (kind, layer) in enumerate(zip(self.kinds, self.layers, strict=True)):
            sources = self.sources[index]
            if kind == "shortcut":
                x = x + outputs[sources[0]]
            elif kind == "route":
                x = (
                    outputs[sources[0]]
                    if len(sources) == 1
                    else torch.cat([outputs[s] for s in sources], dim=1)
                )
            elif kind == "yolo":
                maps.append(x)
            else:
                x = layer(x)
            if self.is_used[index]:
                outputs[index] = x
        return maps

    def convolutions(self) -> Iterator[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
        """Every convolution with its batch norm, in the order of the weights file."""
        for kind, layer in zip(self.kinds, self.layers, strict=True):
            if kind == "convolutional":
                assert isinstance(layer, nn.Sequential)
                conv, after = layer[0], layer[1] if len(layer) > 1 else None
                assert isinstance(conv, nn.Conv2d)
                yield conv, after if isinstance(after, nn.BatchNorm2d) else None

    def cost(self) -> Cost:
        """Operations for one picture, and the size of the weights file."""
        floats = sum(
            conv.weight.numel() + (4 * conv.out_channels if norm else conv.out_channels)
            for conv, norm in self.convolutions()
        )
        return Cost(flop=self.flop, weight_bytes=20 + 4 * floats)


def _source_layers(section: Section, index: int) -> list[int]:
    key = {"route": "layers", "shortcut": "from"}.get(section.kind)
    if key is None:
        return []
    return [source if source >= 0 else index + source for source in section.integers(key)]


def _convolution(section: Section, channels: int) -> tuple[nn.Module, int]:
    filters, size = section.integer("filters"), section.integer("size")
    normalize = bool(section.integer("batch_normalize", 0))
    conv = nn.Conv2d(
        channels,
        filters,
        size,
        stride=section.integer("stride", 1),
        padding=size // 2 if section.integer("pad", 0) else 0,
        bias=not normalize,
    )
    layers: list[nn.Module] = [conv]
    if normalize:
        layers.append(nn.BatchNorm2d(filters, eps=BN_EPS, momentum=0.03))
    if section.values.get("activation") == "leaky":
        layers.append(nn.LeakyReLU(LEAKY_SLOPE, inplace=True))
    return nn.Sequential(*layers), filters


def _convolution_flop(section: Section, channels: int, side: int) -> int:
    return 2 * section.integer("size") ** 2 * channels * section.integer("filters") * side * side


def _max_pool(section: Section) -> nn.Module:
    size = section.integer("size")
    if section.integer("stride") != 1 or size % 2 == 0:
        raise ValueError("only maxpool of odd size with stride=1 is supported; change the cfg")
    return nn.MaxPool2d(size, stride=1, padding=size // 2)


def _head(section: Section, stride: int) -> Head:
    values = section.integers("anchors")
    pairs = list(zip(values[::2], values[1::2], strict=True))
    return Head(
        anchors=tuple(pairs[index] for index in section.integers("mask")),
        stride=stride,
        scale_xy=section.number("scale_x_y", 1.0),
        classes=section.integer("classes"),
    )
