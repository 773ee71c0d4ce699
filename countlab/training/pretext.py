"""Learning to see without labels: two views of one picture should look alike to the network.

The known contrastive task (SimCLR): among all views of a batch, a view's partner is to be picked
out by the features. No picture of the part that judges takes any part in it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from countlab.system.interrupts import stopped_in_order
from countlab.training import checkpoint as checkpoints
from countlab.training.augmentation import views
from countlab.training.dataset import Dataset, examples_of
from countlab.training.lab import Lab
from countlab.training.lab_sections import Augment
from countlab.training.loop import SAVE_EVERY_S, Progress, Report, step_seed
from countlab.training.network_outputs import computes_in_bfloat16, device, normalised
from countlab.training.networks import Network
from countlab.training.schedule import rate_at
from countlab.training.split import TEST
from countlab.training.tensors import tensors

_PROJECTED = 96


class ContrastiveNetwork(nn.Module):
    """The lab's network with a small head in the place of its answer."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        width = network.architecture.features
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Linear(width, _PROJECTED)
        )

    def forward(self, x: Any) -> Any:
        return functional.normalize(self.head(self.network.maps(x).mean((2, 3))).float(), dim=1)


def pretrain(
    lab: Lab,
    material: Dataset,
    folders: Sequence[Path],
    *,
    seed: int,
    checkpoint: Path,
    report: Report,
    resume: bool,
    plan: str,
) -> dict[str, Any]:
    """The network's numbers after the pretext task, all but the answering layer."""
    torch.manual_seed(seed)
    contrastive = ContrastiveNetwork(Network(lab.architecture())).to(
        device(), memory_format=torch.channels_last
    )
    optimiser = torch.optim.AdamW(contrastive.parameters(), lr=lab.pretext.rate, weight_decay=1e-4)
    state = checkpoints.State(contrastive, nn.Identity(), optimiser)
    if resume and checkpoint.is_file():
        checkpoints.load(state, checkpoint, plan=plan)
    pictures = _pictures(lab, material, folders)
    an_epoch = max(1, len(pictures) // lab.pretext.batch)
    steps, saved = an_epoch * lab.pretext.epochs, time.monotonic()
    stop = threading.Event()
    with stopped_in_order(stop):
        while state.step < steps:
            began = time.monotonic()
            loss = _step(lab, state, pictures, steps, seed, an_epoch)
            state.step += 1
            state.seconds += time.monotonic() - began
            done = state.step == steps or stop.is_set()
            if done or time.monotonic() - saved > SAVE_EVERY_S:
                checkpoints.save(state, checkpoint, plan=plan)
                saved = time.monotonic()
            epoch = (state.step - 1) // an_epoch + 1
            report(
                Progress(
                    "pretext", epoch, lab.pretext.epochs, state.step, steps, loss, state.seconds
                )
            )
            if stop.is_set():
                raise KeyboardInterrupt
    numbers = contrastive.network.state_dict()
    return {name: value for name, value in numbers.items() if not name.startswith("linear")}


def _pictures(lab: Lab, material: Dataset, folders: Sequence[Path]) -> Any:
    """The lab's own pictures that do not judge, and every loose source at hand."""
    own = [e for e, p in zip(material.examples, material.parts, strict=True) if p != TEST]
    judging = {e.digest for e in material.of(TEST)}
    loose = [e for s in lab.pretext.sources for e in examples_of(s, lab, folders)]
    return tensors([*own, *(e for e in loose if e.digest not in judging)], stored=True).pictures


def _augment(lab: Lab) -> Augment:
    """Stronger than for the classes: the colours change most, as they are the easy way out."""
    return replace(
        lab.augment, crop=lab.pretext.crop, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.08,
        grey=0.2, blur=0.4, erase=0.0, mixup=0.0, cutmix=0.0,
    )  # fmt: skip


def _step(
    lab: Lab, state: checkpoints.State, pictures: Any, steps: int, seed: int, an_epoch: int
) -> float:
    epoch, at = divmod(state.step, an_epoch)
    torch.manual_seed(step_seed(seed + 1, epoch))
    turn = torch.randperm(len(pictures))
    torch.manual_seed(step_seed(seed, state.step))
    batch = pictures[turn[at * lab.pretext.batch : (at + 1) * lab.pretext.batch]]
    augment = _augment(lab)
    pair = torch.cat([views(batch, augment, lab.pretext.size) for _ in range(2)])
    x = normalised(pair, lab).to(device()).contiguous(memory_format=torch.channels_last)
    schedule = replace(lab.schedule, rate=lab.pretext.rate, shape="cosine")
    for group in state.optimiser.param_groups:
        group["lr"] = rate_at(state.step, steps, schedule)
    state.network.train()
    with torch.autocast(
        device().type, torch.bfloat16, enabled=computes_in_bfloat16(schedule.precision)
    ):
        projections = state.network(x)
    loss = contrastive_loss(projections, lab.pretext.temperature)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    state.optimiser.step()
    return float(loss.item())


def contrastive_loss(projections: Any, temperature: float) -> Any:
    """Cross-entropy of picking the partner; the first half's partners are the second half."""
    number = len(projections) // 2
    alike = projections @ projections.T / temperature
    alike = alike.masked_fill(
        torch.eye(len(projections), dtype=torch.bool, device=projections.device), -1e9
    )
    partner = torch.arange(len(projections), device=projections.device).roll(number)
    return functional.cross_entropy(alike, partner)
