"""A package as it is laid into a scene: colours, coverage, and the map of octagons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

Floats = npt.NDArray[Any]
"""Of 32 bits."""


@dataclass(frozen=True)
class Layer:
    """`rgb` 0 to 255, `alpha` 0 to 1, `numbers` the octagon at each pixel (0: none)."""

    rgb: Floats
    alpha: Floats
    numbers: npt.NDArray[Any]
