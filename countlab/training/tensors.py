"""Pictures and labels as the tensors that training works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from countlab.training.material import Example


@dataclass(frozen=True)
class Tensors:
    """Pictures of one part as bytes, and their labels."""

    pictures: Any
    labels: Any

    def __len__(self) -> int:
        return len(self.labels)


def tensors(examples: Sequence[Example], *, stored: bool) -> Tensors:
    pictures = [e.stored if stored else e.fitted for e in examples]
    labels = torch.tensor([e.label for e in examples], dtype=torch.int64)
    return Tensors(torch.from_numpy(np.stack(pictures)) if pictures else torch.zeros(0), labels)
