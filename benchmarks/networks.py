"""The published YOLO networks as lists of Darknet layers: architectures without weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_LABELS = 80
_TINY_ANCHORS = "10,14, 23,27, 37,58, 81,82, 135,169, 344,319"
_V3_ANCHORS = "10,13, 16,30, 33,23, 30,61, 62,45, 59,119, 116,90, 156,198, 373,326"
_V4_ANCHORS = "12,16, 19,36, 40,28, 36,75, 76,55, 72,146, 142,110, 192,243, 459,401"


@dataclass(frozen=True)
class Layer:
    """A section of a Darknet cfg file: its kind and its values."""

    kind: str
    values: dict[str, str] = field(default_factory=dict)

    def number(self, key: str, default: int = 1) -> int:
        return int(self.values.get(key, default))

    def numbers(self, key: str) -> list[int]:
        return [int(item) for item in self.values[key].split(",")]

    def __str__(self) -> str:
        lines = [f"[{self.kind}]", *(f"{key}={value}" for key, value in self.values.items())]
        return "\n".join(lines)


def network(name: str) -> list[Layer]:
    return _NETWORKS[name]()


def cfg(layers: Iterable[Layer], *, size: int = 416) -> str:
    """The text of the network's cfg file."""
    net = Layer("net", {"batch": "1", "width": str(size), "height": str(size), "channels": "3"})
    return "\n\n".join(str(layer) for layer in [net, *layers]) + "\n"


def _conv(filters: int, size: int = 3, stride: int = 1, activation: str = "leaky") -> Layer:
    values = {"batch_normalize": 1, "filters": filters, "size": size, "stride": stride, "pad": 1}
    return Layer("convolutional", _as_strings(**values, activation=activation))


def _shortcut() -> Layer:
    return Layer("shortcut", {"from": "-3", "activation": "linear"})


def _route(*layers: int) -> Layer:
    return Layer("route", {"layers": ",".join(map(str, layers))})


def _second_half() -> Layer:
    return Layer("route", {"layers": "-1", "groups": "2", "group_id": "1"})


def _pool(size: int = 2, stride: int = 2) -> Layer:
    return Layer("maxpool", _as_strings(size=size, stride=stride))


def _upsample() -> Layer:
    return Layer("upsample", {"stride": "2"})


def _head(mask: str, anchors: str, **extra: float) -> list[Layer]:
    """The last convolution before a yolo layer, and that layer."""
    convolution = _as_strings(
        filters=3 * (_LABELS + 5), size=1, stride=1, pad=1, activation="linear"
    )
    anchor_count = len(anchors.split(",")) // 2
    yolo = _as_strings(mask=mask, anchors=anchors, classes=_LABELS, num=anchor_count, **extra)
    return [Layer("convolutional", convolution), Layer("yolo", yolo)]


def _as_strings(**values: object) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}


def _yolov3_tiny() -> list[Layer]:
    layers = []
    for filters in (16, 32, 64, 128, 256):
        layers += [_conv(filters), _pool()]
    layers += [_conv(512), _pool(2, 1), _conv(1024), _conv(256, 1), _conv(512)]
    layers += _head("3,4,5", _TINY_ANCHORS)
    layers += [_route(-4), _conv(128, 1), _upsample(), _route(-1, 8), _conv(256)]
    return layers + _head("0,1,2", _TINY_ANCHORS)


def _yolov3() -> list[Layer]:
    layers = [_conv(32)]
    for filters, blocks in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        layers.append(_conv(filters, stride=2))
        layers += blocks * [_conv(filters // 2, 1), _conv(filters), _shortcut()]
    layers += 3 * [_conv(512, 1), _conv(1024)] + _head("6,7,8", _V3_ANCHORS)
    for filters, joined, mask in ((256, 61, "3,4,5"), (128, 36, "0,1,2")):
        layers += [_route(-4), _conv(filters, 1), _upsample(), _route(-1, joined)]
        layers += 3 * [_conv(filters, 1), _conv(2 * filters)] + _head(mask, _V3_ANCHORS)
    return layers


def _yolov4() -> list[Layer]:
    layers = [_conv(32, activation="mish")]
    for filters, blocks in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        layers += _cross_stage(filters, blocks)
    layers += [_conv(512, 1), _conv(1024), _conv(512, 1)]
    layers += [_pool(5, 1), _route(-2), _pool(9, 1), _route(-4), _pool(13, 1)]
    layers += [_route(-1, -3, -5, -6), _conv(512, 1), _conv(1024), _conv(512, 1)]
    for filters, joined in ((256, 85), (128, 54)):
        layers += [_conv(filters, 1), _upsample(), _route(joined), _conv(filters, 1)]
        layers += [_route(-1, -3), *_neck(filters)]
    layers += [_conv(256), *_head("0,1,2", _V4_ANCHORS, scale_x_y=1.2)]
    for filters, back, mask, scale in ((256, -16, "3,4,5", 1.1), (512, -37, "6,7,8", 1.05)):
        layers += [_route(-4), _conv(filters, stride=2), _route(-1, back), *_neck(filters)]
        layers += [_conv(2 * filters), *_head(mask, _V4_ANCHORS, scale_x_y=scale)]
    return layers


def _neck(filters: int) -> list[Layer]:
    return [*2 * [_conv(filters, 1), _conv(2 * filters)], _conv(filters, 1)]


def _cross_stage(filters: int, blocks: int) -> list[Layer]:
    """YOLOv4's stage: one branch bypasses the blocks, and both are joined."""
    half = filters if blocks == 1 else filters // 2
    narrow = filters // 2
    block = [_conv(narrow, 1, activation="mish"), _conv(half, activation="mish"), _shortcut()]
    return [
        _conv(filters, stride=2, activation="mish"),
        _conv(half, 1, activation="mish"),
        _route(-2),
        _conv(half, 1, activation="mish"),
        *blocks * block,
        _conv(half, 1, activation="mish"),
        _route(-1, -4 - 3 * blocks),
        _conv(filters, 1, activation="mish"),
    ]


def _yolov4_tiny() -> list[Layer]:
    layers = [_conv(32, stride=2), _conv(64, stride=2)]
    for filters in (64, 128, 256):
        half = filters // 2
        layers += [_conv(filters), _second_half(), _conv(half), _conv(half), _route(-1, -2)]
        layers += [_conv(filters, 1), _route(-6, -1), _pool()]
    layers += [_conv(512), _conv(256, 1), _conv(512)]
    layers += _head("3,4,5", _TINY_ANCHORS, scale_x_y=1.05)
    layers += [_route(-4), _conv(128, 1), _upsample(), _route(-1, 23), _conv(256)]
    return layers + _head("1,2,3", _TINY_ANCHORS, scale_x_y=1.05)


_NETWORKS: dict[str, Callable[[], list[Layer]]] = {
    "yolov3": _yolov3,
    "yolov3-tiny": _yolov3_tiny,
    "yolov4": _yolov4,
    "yolov4-tiny": _yolov4_tiny,
}
NETWORKS = tuple(_NETWORKS)
