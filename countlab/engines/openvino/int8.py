"""A graph in eight-bit integers, by NNCF: an extra of its own, loaded when asked for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
from cv2.typing import MatLike

from countlab.engines.openvino.library import openvino
from countlab.errors import CountlabError
from countlab.imaging.picture import Pixels

_STAYS_EXACT = ["Sigmoid", "Exp", "Multiply", "Add", "Concat"]  # numbers to boxes, at the end


def write_int8(graph: Path | bytes, to: Path, pictures: Sequence[Pixels]) -> None:
    """Writes `to` (.xml) and the .bin beside it, its ranges learnt from these pictures."""
    try:
        import nncf
    except ModuleNotFoundError as reason:
        raise CountlabError("extra_not_here", extra="nncf", needed_for="quantize") from reason
    logging.getLogger("nncf").setLevel(logging.ERROR)
    network = openvino.Core().read_model(graph)
    height, width = network.input().shape[2], network.input().shape[3]

    def as_input(pixels: Pixels) -> MatLike:
        return cv2.dnn.blobFromImage(pixels, 0.00392, (width, height), swapRB=True)

    quantized = nncf.quantize(
        network,
        nncf.Dataset(pictures, as_input),
        subset_size=len(pictures),
        ignored_scope=nncf.IgnoredScope(types=_STAYS_EXACT, validate=False),
    )
    openvino.save_model(quantized, to, compress_to_fp16=False)
