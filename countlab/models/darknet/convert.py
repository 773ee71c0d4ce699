"""From the two files to the graph. Loads onnx, which only a conversion needs."""

from __future__ import annotations

from pathlib import Path

import onnx

from countlab.errors import CountlabError
from countlab.models.darknet.config import read_config
from countlab.models.darknet.graph import Graph, Layer
from countlab.models.darknet.layers import KINDS
from countlab.models.darknet.weights import Weights

# What would change the numbers and is not done here: any other value is refused.
_ONLY = {"new_coords": 0, "dilation": 1, "antialiasing": 0, "reverse": 0, "maxpool_depth": 0}


def to_onnx(config: Path, weights: Path, *, width: int, height: int) -> onnx.ModelProto:
    """The whole network as one graph, for pictures of this size."""
    sections = read_config(config)
    graph = Graph(Weights(weights), width, height)
    layers = [Layer("picture", 3, height, width)]
    for section in sections[1:]:
        if section.name not in KINDS:
            raise CountlabError(
                "darknet_unknown_section",
                section=section.name,
                line=section.line,
                known=sorted(KINDS),
            )
        for key, only in _ONLY.items():
            if section.whole(key, only) != only:
                raise section.refused(f"{key}={section.values[key]}")
        try:
            layers.append(KINDS[section.name](graph, section, layers))
        except (ValueError, IndexError, ArithmeticError) as reason:  # numbers that fit no layer
            raise section.refused(str(reason)) from reason
    graph.weights.check_end()
    return graph.model()
