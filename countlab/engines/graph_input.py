"""The input of a graph: its size, layout and numbers, and pictures converted to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from countlab.errors import CountlabError
from countlab.imaging.picture import Pixels
from countlab.models.catalog import Model


@dataclass(frozen=True)
class GraphInput:
    """One picture as the graph wants it."""

    width: int
    height: int
    channels: int
    channels_last: bool
    bytes: bool
    """The graph takes bytes and does its own arithmetic."""

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    def tensor(self, pixels: Pixels, model: Model, scale: float) -> NDArray[Any]:
        """Pixels of the input's size (blue, green, red) as the graph's own numbers."""
        preprocessing = model.preprocessing
        if self.channels == 1:
            values = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)[:, :, None]
        else:
            values = pixels[:, :, ::-1] if preprocessing.color == "rgb" else pixels
        if not self.bytes:
            values = values.astype(np.float32) * np.float32(preprocessing.scale or scale)
            if preprocessing.mean:
                values -= np.asarray(preprocessing.mean, np.float32)
            if preprocessing.std:
                values /= np.asarray(preprocessing.std, np.float32)
        if not self.channels_last:
            values = values.transpose(2, 0, 1)
        return np.ascontiguousarray(values[None])


def read_input(model: Model, inputs: Sequence[tuple[str, Sequence[int | None]]]) -> GraphInput:
    """The only input of a graph, given each input's element type and shape."""
    if len(inputs) == 1:
        element, shape = inputs[0]
        for channels_last in (False, True):
            if found := _input(model, shape, channels_last, element):
                return found
    described = "; ".join(
        f"{element} {' × '.join('?' if size is None else str(size) for size in shape)}"
        for element, shape in inputs
    )
    raise CountlabError("graph_input_not_understood", model=model.name, input=described or "–")


def _input(
    model: Model, shape: Sequence[int | None], channels_last: bool, element: str
) -> GraphInput | None:
    if len(shape) != 4 or shape[0] not in (1, None):
        return None
    height, width, channels = (
        (shape[1], shape[2], shape[3]) if channels_last else (shape[2], shape[3], shape[1])
    )
    if channels not in (1, 3):
        return None
    if channels == 1 and 3 in (len(model.preprocessing.mean), len(model.preprocessing.std)):
        return None
    stated = model.input or (None, None)
    width, height = width or stated[0], height or stated[1]
    if not width or not height or element not in ("float32", "uint8"):
        return None
    return GraphInput(width, height, channels, channels_last, element == "uint8")
