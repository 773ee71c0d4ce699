"""A graph in eight-bit integers, by NNCF: an extra of its own, loaded when needed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from countlab.engines.openvino.library import openvino

_EXACT = ["Sigmoid", "Exp", "Multiply", "Add", "Concat"]  # numbers to boxes, at the end


_DISTANCE = ["MatMul", "ReduceL2", "ReduceMin", "ReduceSum", "Divide", "Subtract", "Sqrt"]
"""Of a classifier: how unlike a picture is, which eight bits are too coarse for."""


def write_int8(
    graph: Path | bytes, to: Path, tensors: Sequence[NDArray[Any]], *, classifies: bool = False
) -> None:
    """Writes `to` (.xml) and the .bin beside it, its ranges calibrated on these inputs."""
    import nncf

    logging.getLogger("nncf").setLevel(logging.ERROR)
    quantized = nncf.quantize(
        openvino.Core().read_model(graph),
        nncf.Dataset(tensors),
        subset_size=len(tensors),
        ignored_scope=nncf.IgnoredScope(
            types=[*_EXACT, *(_DISTANCE if classifies else [])], validate=False
        ),
    )
    openvino.save_model(quantized, to, compress_to_fp16=False)
