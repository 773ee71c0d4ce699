"""Random models: the published architectures with seeded random weights, as model folders.

Speed does not depend on what weights learned, and agreement between engines can be tested on any
weights, so these replace files that cannot be shipped. They find a handful of meaningless boxes
in most pictures. Every figure measured with them must say “random weights”.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.networks import Layer, cfg, network
from countlab.imaging.picture import read_picture

Floats = NDArray[np.float32]

ROOT = Path(__file__).parent.parent
_LABELS = ROOT / "countlab" / "models" / "data" / "coco.names"
_PICTURE = ROOT / "images" / "fruits.jpg"
_HEADER = np.array([0, 2, 0, 0, 0], np.int32).tobytes()  # version 0.2.0; 64 bits of pictures seen
_SEED = 4
_GAIN = {"leaky": 2 / 1.01, "mish": 2.0, "linear": 1.0}  # keeps the variance from layer to layer
_BLOCK_SCALE = 0.3  # scale of a block's output: at 1 the variance would double in each of 23 blocks

# Target mean and standard deviation of a head's logits over one picture, so that a handful of boxes
# passes 0.5: objectness does at this many places.
_XY, _WH, _OBJECT, _LABEL = (0.0, 1.0), (0.0, 0.4), (0.0, 2.5), (-4.0, 2.5)
_OBJECT_PLACES = 20


@dataclass
class Convolution:
    """The parameters of one convolution, in the order in which Darknet stores them."""

    biases: Floats
    normal: list[Floats]
    """Scales, means and variances; empty in the heads, which have no batch normalization."""
    kernel: Floats

    def __bytes__(self) -> bytes:
        return b"".join(part.tobytes() for part in (self.biases, *self.normal, self.kernel))


def random_model(name: str, folder: Path) -> Path:
    """The model's folder below `folder`, created if missing: cfg, weights, model.toml."""
    target = folder / name
    if not (target / "model.toml").is_file():
        target.mkdir(parents=True, exist_ok=True)
        layers = network(name)
        (target / f"{name}.cfg").write_text(cfg(layers))
        (target / f"{name}.weights").write_bytes(_encode_weights(_calibrated(layers)))
        shutil.copy(_LABELS, target / "coco.names")
        (target / "model.toml").write_text(  # last: marks the folder as complete
            f'name = "{name}"\ntitle = "{name}, random weights"\nlabels = "coco.names"\n[files]\n'
            f'config = {{ name = "{name}.cfg" }}\nweights = {{ name = "{name}.weights" }}\n'
        )
    return target


def parameters_of(layers: list[Layer]) -> int:
    """The number of parameters in the network's weights file after its header."""
    return sum(
        layer.number("filters")
        * (
            channels * layer.number("size") ** 2
            + (1 if layer.values["activation"] == "linear" else 4)
        )
        for layer, channels, _ in _convolutions_of(layers)
    )


def _encode_weights(convolutions: list[Convolution]) -> bytes:
    return b"".join([_HEADER, *map(bytes, convolutions)])


def _calibrated(layers: list[Layer]) -> list[Convolution]:
    """Random convolutions, with the heads shifted and scaled to give the target statistics."""
    rng = np.random.default_rng(_SEED)
    convolutions = [
        _random_convolution(layer, channels, is_added=is_added, rng=rng)
        for layer, channels, is_added in _convolutions_of(layers)
    ]
    heads = [convolution for convolution in convolutions if not convolution.normal]
    for head, outputs in zip(heads, _head_outputs(layers, convolutions), strict=True):
        labels = len(outputs) // 3 - 5
        targets = np.array([_XY, _XY, _WH, _WH, _OBJECT, *labels * [_LABEL]] * 3)
        # Rounded, so that machines differing in the last digits write the same file.
        gain = 2 ** (np.round(4 * np.log2(targets[:, 1] / outputs.std(axis=1))) / 4)
        head.kernel *= gain.astype(np.float32)[:, None]
        head.biases[:] = np.round(targets[:, 0] - gain * outputs.mean(axis=1), 1)
        objects = slice(4, None, labels + 5)
        objectness = gain[objects, None] * outputs[objects] + head.biases[objects, None]
        head.biases[objects] -= np.round(np.sort(objectness, axis=None)[-_OBJECT_PLACES], 1)
    return convolutions


def _random_convolution(
    layer: Layer, channels: int, *, is_added: bool, rng: np.random.Generator
) -> Convolution:
    filters, inputs = layer.number("filters"), channels * layer.number("size") ** 2
    kernel = rng.standard_normal((filters, inputs), np.float32)
    kernel *= (_GAIN[layer.values["activation"]] / inputs) ** 0.5
    biases = rng.normal(0, 0.1, filters).astype(np.float32)
    if layer.values["activation"] == "linear":
        return Convolution(biases * 0, [], kernel)
    scales = rng.uniform(0.9, 1.1, filters) * (_BLOCK_SCALE if is_added else 1)
    means, variances = rng.normal(0, 0.1, filters), rng.uniform(0.9, 1.1, filters)
    normal = [part.astype(np.float32) for part in (scales, means, variances)]
    return Convolution(biases, normal, kernel)


def _convolutions_of(layers: list[Layer]) -> Iterator[tuple[Layer, int, bool]]:
    """Each convolution with its input channels, and whether a shortcut adds its output."""
    channels: list[int] = []
    for index, layer in enumerate(layers):
        before = channels[-1] if channels else 3
        if layer.kind == "convolutional":
            yield layer, before, layers[index + 1].kind == "shortcut"
            before = layer.number("filters")
        elif layer.kind == "route":
            joined = [n if n >= 0 else index + n for n in layer.numbers("layers")]
            before = sum(channels[n] for n in joined) // layer.number("groups")
        channels.append(before)


def _head_outputs(layers: list[Layer], convolutions: list[Convolution]) -> list[Floats]:
    """For each head its channels over all places of the picture, as OpenCV computes them."""
    net = cv2.dnn.readNetFromDarknet(
        np.frombuffer(cfg(layers).encode(), np.uint8),
        np.frombuffer(_encode_weights(convolutions), np.uint8),
    )
    picture = read_picture(_PICTURE.read_bytes(), max_bytes=10**7, max_pixels=10**7)
    net.setInput(cv2.dnn.blobFromImage(picture.pixels, 1 / 255, (416, 416), swapRB=True))
    names = [f"conv_{n - 1}" for n, layer in enumerate(layers) if layer.kind == "yolo"]
    return [np.asarray(out[0]).reshape(out.shape[1], -1) for out in net.forward(names)]
