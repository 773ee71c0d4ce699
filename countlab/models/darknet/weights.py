"""A Darknet weights file: one long row of numbers, handed out in the order of the sections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countlab.errors import CountlabError

Floats = NDArray[np.float32]


class Weights:
    """The numbers of a weights file, handed out in the order of the sections."""

    def __init__(self, path: Path) -> None:
        self._path = path
        whole = np.fromfile(path, np.float32)  # a number that was cut in two is left out
        major, minor, *_ = (*whole[:2].view(np.int32), 0, 0)
        header = 5 if major * 10 + minor >= 2 else 4
        self._all: Floats = whole[header:]
        self._next = 0

    def take(self, *shape: int) -> Floats:
        count = int(np.prod(shape))
        taken = self._all[self._next : self._next + count]
        self._next += count
        return taken.reshape(shape) if taken.size == count else np.zeros(shape, np.float32)

    def check_end(self) -> None:
        """Too short or too long, the file belongs to another cfg, and every box would be wrong."""
        if self._next != self._all.size:
            raise CountlabError(
                "darknet_wrong_weights",
                path=self._path,
                arrived=self._all.size,
                needed=self._next,
            )
