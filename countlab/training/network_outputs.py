"""What a network says of pictures, outside training: logits and features, batch by batch."""

from __future__ import annotations

from typing import Any

import torch

from countlab.training.augmentation import as_floats
from countlab.training.lab import Lab
from countlab.training.networks import Network

_BATCH_PIXELS = 256 * 160 * 160  # of memory for the first maps


def device() -> Any:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def computes_in_bfloat16(precision: str) -> bool:
    """Two bytes a number where the processor has instructions for it: about twice as fast."""
    if precision != "auto":
        return precision == "bfloat16"
    return bool(torch.cuda.is_available() or torch.cpu._is_avx512_bf16_supported())


def normalised(x: Any, lab: Lab) -> Any:
    """As the graph does it: grey if the lab is, then mean and spread."""
    if lab.input.grey and x.shape[1] == 3:
        x = (x * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    mean = torch.tensor(lab.input.mean)[:, None, None]
    return (x - mean) / torch.tensor(lab.input.std)[:, None, None]


@torch.no_grad()
def logits_of(network: Network, pictures: Any, lab: Lab) -> Any:
    return _outputs(network, pictures, lab, features=False)


@torch.no_grad()
def features_of(network: Network, pictures: Any, lab: Lab) -> Any:
    return _outputs(network, pictures, lab, features=True)


def _outputs(network: Network, pictures: Any, lab: Lab, *, features: bool) -> Any:
    """Batches of one number, so that no result depends on how many pictures there are."""
    network.eval()
    batch = max(8, min(256, _BATCH_PIXELS // (lab.input.size[0] * lab.input.size[1])))
    answers, where = [], next(network.parameters()).device
    for at in range(0, len(pictures), batch):
        x = normalised(as_floats(pictures[at : at + batch]), lab)
        x = x.to(where).contiguous(memory_format=torch.channels_last)
        sides = [x, x.flip(3)] if network.architecture.flip_average else [x]
        maps = [network.maps(side) for side in sides]
        found = [m.mean((2, 3)) if features else network.answer(m) for m in maps]
        answers.append(sum(found) / len(found))
    return torch.cat(answers).cpu() if answers else torch.zeros(0, 1)
