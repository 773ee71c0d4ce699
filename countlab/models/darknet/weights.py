"""Reader of Darknet weights files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countlab.errors import CountlabError

Floats = NDArray[np.float32]


class Weights:
    """The numbers of a weights file, taken in the order of the sections."""

    def __init__(self, path: Path) -> None:
        self._path = path
        data = np.fromfile(path, np.float32)  # ignores an incomplete last number
        major, minor, *_ = (*data[:2].view(np.int32), 0, 0)
        header = 5 if major * 10 + minor >= 2 else 4
        self._values: Floats = data[header:]
        self._position = 0

    def take(self, *shape: int) -> Floats:
        """The next numbers in this shape; zeros past the end, which `check_end` reports."""
        count = math.prod(shape)
        if count > self._values.size:
            self._position += count
            self.check_end()
        values = self._values[self._position : self._position + count]
        self._position += count
        return values.reshape(shape) if values.size == count else np.zeros(shape, np.float32)

    def check_end(self) -> None:
        """Refuses a file of another length: it belongs to another cfg, and boxes would be wrong."""
        if self._position != self._values.size:
            raise CountlabError(
                "darknet_wrong_weights",
                path=self._path,
                arrived=self._values.size,
                needed=self._position,
            )
