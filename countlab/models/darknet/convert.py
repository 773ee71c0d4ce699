"""Conversion of the two files to a graph. Imports onnx, which only a conversion needs."""

from __future__ import annotations

from pathlib import Path

import onnx

from countlab.errors import CountlabError
from countlab.models.darknet.config import Section, read_config
from countlab.models.darknet.graph import Graph, Layer
from countlab.models.darknet.layers import LAYER_BUILDERS
from countlab.models.darknet.weights import Weights

# Options that would change the numbers but are not implemented: other values are refused.
_SUPPORTED_VALUES = {
    "new_coords": 0,
    "dilation": 1,
    "antialiasing": 0,
    "reverse": 0,
    "maxpool_depth": 0,
}

_MAX_LAYER = 1 << 27  # numbers: twenty times those of yolov4's largest layer


def to_onnx(config: Path, weights: Path, *, width: int, height: int) -> onnx.ModelProto:
    """The network as one graph, for input of this size."""
    sections = read_config(config)
    graph = Graph(Weights(weights), width, height)
    layers = [Layer("picture", 3, height, width)]
    for section in sections[1:]:
        if section.name not in LAYER_BUILDERS:
            raise CountlabError(
                "darknet_unknown_section",
                section=section.name,
                line=section.line,
                known=sorted(LAYER_BUILDERS),
            )
        for key, supported in _SUPPORTED_VALUES.items():
            if section.integer(key, supported) != supported:
                raise section.error_at(key)
        try:
            layers.append(_checked(LAYER_BUILDERS[section.name](graph, section, layers), section))
        except (ValueError, IndexError, ArithmeticError) as reason:  # shapes that do not fit
            raise section.error(str(reason)) from reason
    graph.weights.check_end()
    return graph.model()


def _checked(layer: Layer, section: Section) -> Layer:
    """A layer larger than any network's is refused before memory is asked for it."""
    size = layer.channels, layer.height, layer.width
    if min(size) < 1 or layer.channels * layer.height * layer.width > _MAX_LAYER:
        raise section.error(" × ".join(map(str, size)))
    return layer
