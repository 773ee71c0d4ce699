"""Training checkpoints: network, moving average, optimizer and progress in one file.

An interrupted run resumes from it.
"""

import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from recipes.fruits.darknet_weights import load_darknet_weights, shift_objectness
from recipes.fruits.network import Network

AVERAGE_DECAY = 0.998  # of the moving average, per step


@dataclass
class TrainingRun:
    """The state that changes during training."""

    network: Network
    average: Network
    optimizer: torch.optim.Optimizer
    cfg_text: str
    pictures: int = 0
    steps: int = 0

    def update_average(self) -> None:
        """Move the average a little toward the network; faster at the beginning."""
        self.steps += 1
        decay = AVERAGE_DECAY * (1 - math.exp(-self.steps / 500))
        with torch.no_grad():
            current = self.network.state_dict()
            for name, averaged in self.average.state_dict().items():
                if averaged.dtype.is_floating_point:
                    averaged.lerp_(current[name].to(averaged.dtype), 1 - decay)
                else:
                    averaged.copy_(current[name])


def start_run(cfg_text: str, *, rate: float, device: torch.device) -> TrainingRun:
    """A run before its first picture."""
    network = Network(cfg_text).to(device, memory_format=torch.channels_last)
    _initialize_outputs(network)
    average = copy.deepcopy(network).eval().requires_grad_(False)
    kernels = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    vectors = [parameter for parameter in network.parameters() if parameter.ndim == 1]
    groups: list[dict[str, Any]] = [
        {"params": kernels, "weight_decay": 0.02},
        {"params": vectors, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.99), fused=True)
    return TrainingRun(network, average, optimizer, cfg_text)


def _initialize_outputs(network: Network) -> None:
    """Start objectness near zero: nearly every cell sees nothing."""
    outputs = [conv for conv, norm in network.convolutions() if norm is None]
    for conv, head in zip(outputs, network.heads, strict=True):
        assert conv.bias is not None
        nn.init.normal_(conv.weight, std=0.01)
        with torch.no_grad():
            bias = conv.bias.zero_().view(len(head.anchors), -1)
            bias[:, 4] = -5.0
            bias[:, 5:] = -1.0


def start_from(run: TrainingRun, weights: Path, *, shift: float) -> None:
    """Begin with the weights of an exported detector; export added `shift` to its objectness."""
    load_darknet_weights(run.network, weights.read_bytes())
    shift_objectness(run.network, -shift)
    run.average.load_state_dict(run.network.state_dict())


def save_run(run: TrainingRun, path: Path) -> None:
    """Write to a temporary file, then replace the checkpoint atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    state = {
        "network": run.network.state_dict(),
        "average": run.average.state_dict(),
        "optimiser": run.optimizer.state_dict(),
        "cfg": run.cfg_text,
        "pictures": run.pictures,
        "steps": run.steps,
    }
    torch.save(state, partial)
    partial.replace(path)


def resume_run(run: TrainingRun, path: Path) -> None:
    """Continue from a file; it must belong to the same network."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["cfg"] != run.cfg_text:
        raise ValueError(
            f"{path} was trained with another cfg; give --fresh to begin again, or move it away"
        )
    run.network.load_state_dict(state["network"])
    run.average.load_state_dict(state["average"])
    run.optimizer.load_state_dict(state["optimiser"])
    run.pictures, run.steps = state["pictures"], state["steps"]


def load_average(path: Path) -> tuple[Network, str]:
    """The averaged network of a checkpoint, in evaluation mode, and its configuration text."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    network = Network(state["cfg"])
    network.load_state_dict(state["average"])
    return network.eval(), state["cfg"]
