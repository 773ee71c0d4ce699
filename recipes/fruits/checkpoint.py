"""One training run's state on disk: network, its moving average, optimiser, pictures done.

Owns the file; a run that is cut off goes on from it.
"""

import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from recipes.fruits.network import Network

HORIZON = 0.998  # of the moving average, in steps


@dataclass
class Run:
    """What changes while training goes on."""

    network: Network
    average: Network
    optimiser: torch.optim.Optimizer
    cfg_text: str
    pictures: int = 0
    steps: int = 0

    def follow(self) -> None:
        """Move the average a little towards the network; faster in the beginning."""
        self.steps += 1
        keep = HORIZON * (1 - math.exp(-self.steps / 500))
        with torch.no_grad():
            theirs = self.network.state_dict()
            for name, mine in self.average.state_dict().items():
                if mine.dtype.is_floating_point:
                    mine.lerp_(theirs[name].to(mine.dtype), 1 - keep)
                else:
                    mine.copy_(theirs[name])


def begin(cfg_text: str, *, rate: float, device: torch.device) -> Run:
    """A run before its first picture."""
    network = Network(cfg_text).to(device, memory_format=torch.channels_last)
    _modest_start(network)
    average = copy.deepcopy(network).eval().requires_grad_(False)
    heavy = [p for p in network.parameters() if p.ndim > 1]
    light = [p for p in network.parameters() if p.ndim == 1]
    groups: list[dict[str, Any]] = [
        {"params": heavy, "weight_decay": 0.02},
        {"params": light, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.99), fused=True)
    return Run(network, average, optimiser, cfg_text)


def _modest_start(network: Network) -> None:
    """Objectness starts near zero: nearly every cell sees nothing."""
    outputs = [conv for conv, norm in network.convolutions() if norm is None]
    for conv, head in zip(outputs, network.heads, strict=True):
        assert conv.bias is not None
        nn.init.normal_(conv.weight, std=0.01)
        with torch.no_grad():
            bias = conv.bias.zero_().view(len(head.anchors), -1)
            bias[:, 4] = -5.0
            bias[:, 5:] = -1.0


def save(run: Run, path: Path) -> None:
    """Write the state beside its place, then put it there at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    state = {
        "network": run.network.state_dict(),
        "average": run.average.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "cfg": run.cfg_text,
        "pictures": run.pictures,
        "steps": run.steps,
    }
    torch.save(state, part)
    part.replace(path)


def resume(run: Run, path: Path) -> None:
    """Go on from a file; it must be of the same network."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["cfg"] != run.cfg_text:
        raise ValueError(
            f"{path} was trained with another cfg; give --fresh to begin again, or move it away"
        )
    run.network.load_state_dict(state["network"])
    run.average.load_state_dict(state["average"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.pictures, run.steps = state["pictures"], state["steps"]


def trained_average(path: Path) -> tuple[Network, str]:
    """The averaged network of a checkpoint, ready to look at pictures, and its cfg."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    network = Network(state["cfg"])
    network.load_state_dict(state["average"])
    return network.eval(), state["cfg"]
