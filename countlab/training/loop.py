"""The training loop: steps, averages, validation, checkpoints, and stopping in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from countlab.errors import CountlabError
from countlab.system.interrupts import stopped_in_order
from countlab.training.augmentation import blended, views
from countlab.training.checkpoint import State, load, save
from countlab.training.lab import Lab
from countlab.training.lab_sections import Schedule
from countlab.training.network_outputs import computes_in_bfloat16, device, logits_of, normalised
from countlab.training.networks import Network
from countlab.training.schedule import class_weights, order, rate_at
from countlab.training.tensors import Tensors

SAVE_EVERY_S = 30.0
_CLIP = 5.0


@dataclass(frozen=True)
class Progress:
    """Said after every step; an epoch's figures are there when it has just ended."""

    stage: str
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    seconds: float
    figures: dict[str, float] | None = None
    history: tuple[dict[str, float], ...] = ()
    """The figures of every epoch so far, those before an interruption too."""


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Fit:
    """What a run works on; all of it is fixed before the first step."""

    lab: Lab
    train: Tensors
    validation: Tensors
    seed: int
    checkpoint: Path
    plan: str
    report: Report
    stop: threading.Event = field(default_factory=threading.Event)


def step_seed(seed: int, step: int) -> int:
    """A seed for one step that no other step has."""
    return int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0] >> 1)


def fit(task: Fit, network: Network, *, resume: bool) -> State:
    """Trains to the end of the schedule; Ctrl-C ends it after the step under way, saved."""
    state = _begin(task, network)
    if resume and task.checkpoint.is_file():
        load(state, task.checkpoint, plan=task.plan)
    steps_an_epoch = max(1, len(task.train) // task.lab.schedule.batch)
    steps = steps_an_epoch * task.lab.schedule.epochs
    saved = time.monotonic()
    with stopped_in_order(task.stop):
        while state.step < steps and not _is_out_of_patience(state, task.lab.schedule.patience):
            began = time.monotonic()
            epoch, at = divmod(state.step, steps_an_epoch)
            loss = _step(task, state, epoch, at, steps)
            state.losses.append(loss)
            state.step += 1
            figures = None
            if at + 1 == steps_an_epoch:
                figures = _end_epoch(task, state, epoch)
            state.seconds += time.monotonic() - began
            stopping = task.stop.is_set()
            if stopping or figures or time.monotonic() - saved > SAVE_EVERY_S:
                save(state, task.checkpoint, plan=task.plan)
                saved = time.monotonic()
            task.report(
                Progress(
                    "train", epoch + 1, task.lab.schedule.epochs, state.step, steps, loss,
                    state.seconds, figures, tuple(state.epochs),
                )
            )  # fmt: skip
            if stopping:
                raise KeyboardInterrupt
    return state


def _begin(task: Fit, network: Network) -> State:
    network = network.to(device(), memory_format=torch.channels_last)
    average = Network(network.architecture).to(device())
    average.load_state_dict(network.state_dict())
    average.eval()
    heavy = [p for p in network.parameters() if p.ndim > 1]
    light = [p for p in network.parameters() if p.ndim <= 1]
    schedule = task.lab.schedule
    groups = [
        {"params": heavy, "weight_decay": schedule.decay},
        {"params": light, "weight_decay": 0.0},
    ]
    return State(network, average, _optimiser(groups, schedule))


def _optimiser(groups: list[dict[str, Any]], schedule: Schedule) -> Any:
    kinds = {
        "adamw": lambda: torch.optim.AdamW(groups, lr=schedule.rate),
        "sgd": lambda: torch.optim.SGD(groups, lr=schedule.rate, momentum=0.9),
        "rmsprop": lambda: torch.optim.RMSprop(groups, lr=schedule.rate),
    }
    if schedule.optimiser not in kinds:
        reason = f"optimiser: {', '.join(kinds)}"
        raise CountlabError("bad_lab_file", file="lab.toml", reason=reason)
    return kinds[schedule.optimiser]()


def _step(task: Fit, state: State, epoch: int, at: int, steps: int) -> float:
    schedule, lab = task.lab.schedule, task.lab
    classes = len(lab.classes)
    torch.manual_seed(step_seed(task.seed, state.step))
    balanced = schedule.balance == "sampling"
    labels = task.train.labels.numpy()
    turn = order(labels, classes, seed=(task.seed, epoch), balanced=balanced)
    chosen = torch.from_numpy(turn[at * schedule.batch : (at + 1) * schedule.batch])
    x = views(task.train.pictures[chosen], lab.augment, lab.input.size)
    targets = functional.one_hot(task.train.labels[chosen], classes).float()
    x, targets = blended(x, targets, lab.augment)
    x = normalised(x, lab).to(device()).contiguous(memory_format=torch.channels_last)
    for group in state.optimiser.param_groups:
        group["lr"] = rate_at(state.step, steps, schedule)
    state.network.train()
    with torch.autocast(
        device().type, torch.bfloat16, enabled=computes_in_bfloat16(schedule.precision)
    ):
        logits = state.network(x)
    weights = None
    if schedule.balance == "weights":
        weights = torch.from_numpy(class_weights(labels, classes)).float().to(device())
    loss = functional.cross_entropy(
        logits.float(), targets.to(device()), weights, label_smoothing=schedule.smoothing
    )
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), _CLIP)
    state.optimiser.step()
    _update_average(state, schedule.average)
    return float(loss.item())


def _update_average(state: State, memory: float) -> None:
    """The average trails the network; early on it follows closely."""
    share = 1 - min(memory, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        now = state.network.state_dict()
        for name, value in state.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(now[name], share)
            else:
                value.copy_(now[name])


def _end_epoch(task: Fit, state: State, epoch: int) -> dict[str, float]:
    logits = logits_of(state.average, task.validation.pictures, task.lab)
    labels = task.validation.labels
    loss = float(functional.cross_entropy(logits, labels).item())
    figures = {
        "epoch": epoch + 1,
        "loss": sum(state.losses) / len(state.losses),
        "validation_loss": loss,
        "validation_accuracy": float((logits.argmax(1) == labels).float().mean().item()),
        "validation_f1": rarest_f1(logits, labels, task.train.labels),
    }
    state.losses = []
    state.epochs.append(figures)
    better = state.best is None or loss < state.best["validation_loss"]
    if better or task.lab.schedule.keep == "last":
        numbers = {k: v.clone() for k, v in state.average.state_dict().items()}
        state.best = {"numbers": numbers, "epoch": epoch + 1, "validation_loss": loss}
    return figures


def rarest_f1(logits: Any, labels: Any, taught: Any) -> float:
    """F1 of the class with the fewest pictures among those that taught; accuracy hides it."""
    rare = int(torch.bincount(taught, minlength=logits.shape[1]).argmin())
    said, were = logits.argmax(1) == rare, labels == rare
    both = int((said & were).sum())
    return 2 * both / max(1, int(said.sum()) + int(were.sum()))


def _is_out_of_patience(state: State, patience: int) -> bool:
    best = min((e["validation_loss"], e["epoch"]) for e in state.epochs) if state.epochs else None
    return bool(patience and best and len(state.epochs) - best[1] >= patience)
