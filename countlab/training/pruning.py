"""Structured pruning: hidden channels that matter least leave, the network is really smaller."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from countlab.errors import CountlabError
from countlab.training.architecture import Block, architecture_from_json, thinner
from countlab.training.dataset import Dataset, assign_parts, gather, plan_of
from countlab.training.export import export_graph, network_from_graph
from countlab.training.judging import Published
from countlab.training.lab import Lab, read_lab
from countlab.training.loop import Fit, Progress, Report, fit
from countlab.training.network_outputs import logits_of
from countlab.training.networks import Network, thin_block_weights
from countlab.training.publishing import publish
from countlab.training.runs import QUICK_PICTURES, WORK, finished_network, silent
from countlab.training.split import TEST, TRAIN, VALIDATION
from countlab.training.tensors import tensors
from countlab.training.unfamiliar import Familiarity

_MULTIPLE = 8
"""Channels are kept in eights: processors compute them eight or sixteen at a time."""


@dataclass(frozen=True)
class Stage:
    """One row of the table: before, after, after fine-tuning."""

    name: str
    parameters: int
    bytes: int
    milliseconds: float
    accuracy: float


@dataclass(frozen=True)
class PrunedModel:
    """The pruned model's folder and the table."""

    folder: Path
    stages: tuple[Stage, Stage, Stage]


def prune(
    model: Path,
    *,
    lab_folder: Path,
    out: Path,
    amount: float = 0.3,
    finetune_epochs: int = 3,
    data: Path | None = None,
    folders: Sequence[Path] = (),
    seed: int = 1,
    quick: bool = False,
    report: Report = silent,
) -> PrunedModel:
    """Takes `amount` of the hidden channels out of each block and trains what is left a little."""
    if not 0 < amount < 1:
        raise CountlabError("bad_parameter", parameter="amount", arrived=amount, reason="0 to 1")
    lab = _lab(lab_folder, finetune_epochs, Published(model).labels)
    examples = gather(lab, folders, data=data, limit=QUICK_PICTURES if quick else None)
    kept = _kept_split(model, out)
    material = assign_parts(lab, examples, kept, own=lab_folder / "split.csv")
    network = load_network(model)
    thin = pruned_network(network, amount)
    name = f"{lab.name}-pruned"
    before = _stage("before", network, lab, material)
    after = _stage("pruned", thin, lab, material)
    tuned = _fine_tuned(lab, thin, material, seed=seed, out=out, report=report)
    publish(
        replace(lab, name=name), tuned, material, out=out, folders=folders, seed=seed, quick=quick
    )
    last = _stage("fine-tuned", tuned, lab, material)
    return PrunedModel(out, (before, after, last))


def load_network(model: Path) -> Network:
    """The network of a published model, from its graph."""
    published = Published(model)
    described = published.described.get("training")
    if described is None:
        raise CountlabError("not_prunable", model=model)
    architecture = architecture_from_json(described["architecture"])
    return network_from_graph(published.graph.read_bytes(), architecture)


def pruned_network(network: Network, amount: float) -> Network:
    """The channels with the smallest weights, as the norm scales them, are taken out."""
    blocks = network.architecture.blocks
    kept = [_kept(network, at, block, amount) for at, block in enumerate(blocks)]
    thin = Network(thinner(network.architecture, [len(k) for k in kept]))
    numbers = network.state_dict()
    for at, block in enumerate(blocks):
        for name, (side, chosen) in thin_block_weights(block, kept[at]).items():
            full = f"blocks.{at}.{name}"
            if full not in numbers:  # no norm, or no bias
                continue
            numbers[full] = numbers[full][chosen] if side == "out" else numbers[full][:, chosen]
    thin.load_state_dict(numbers)
    return thin.eval()


def _kept(network: Network, at: int, block: Block, amount: float) -> Any:
    if not block.hidden:
        return torch.arange(0)
    number = max(_MULTIPLE, round(block.hidden * (1 - amount) / _MULTIPLE) * _MULTIPLE)
    numbers = network.state_dict()
    weight = numbers[f"blocks.{at}.conv1.weight"].flatten(1).norm(dim=1)
    matters = weight
    if network.architecture.norm:
        spread = (numbers[f"blocks.{at}.norm1.running_var"] + 1e-5).sqrt()
        matters = weight * numbers[f"blocks.{at}.norm1.weight"].abs() / spread
    return matters.argsort(descending=True)[: min(number, block.hidden)].sort().values


def _lab(lab_folder: Path, epochs: int, classes: tuple[str, ...]) -> Lab:
    """A short schedule at a fifth of the rate: the network knows almost everything already."""
    lab = read_lab(lab_folder, classes=classes)
    schedule = replace(lab.schedule, epochs=max(1, epochs), rate=lab.schedule.rate / 5)
    return replace(lab, schedule=schedule)


def _kept_split(model: Path, out: Path) -> Path:
    """The split that the model was trained with; a copy goes along with the pruned one."""
    before, now = model / WORK / "split.csv", out / WORK / "split.csv"
    if before.is_file() and not now.is_file():
        now.parent.mkdir(parents=True, exist_ok=True)
        now.write_bytes(before.read_bytes())
    return now


def _fine_tuned(
    lab: Lab, network: Network, material: Dataset, *, seed: int, out: Path, report: Report
) -> Network:
    def tell(progress: Progress) -> None:
        report(replace(progress, stage="fine-tune"))

    task = Fit(
        lab=lab,
        train=tensors(material.of(TRAIN), stored=True),
        validation=tensors(material.of(VALIDATION), stored=False),
        seed=seed,
        checkpoint=out / WORK / "finetune.pt",
        plan=plan_of(lab, material, seed),
        report=tell,
    )
    return finished_network(fit(task, network, resume=False), network)


def _stage(name: str, network: Network, lab: Lab, material: Dataset) -> Stage:
    """Speed of one picture at a time; accuracy on the part that judges, or else that chooses."""
    judged = material.of(TEST) or material.of(VALIDATION)
    part = tensors(judged, stored=False)
    said = logits_of(network, part.pictures, lab).argmax(1)
    right = float((said == part.labels).float().mean().item())
    parameters = sum(int(p.numel()) for p in network.parameters())
    graph = _graph(network, lab)
    return Stage(name, parameters, len(graph), _milliseconds(graph, lab), right)


def _graph(network: Network, lab: Lab) -> bytes:
    features, classes = network.architecture.features, network.architecture.classes
    middles = np.zeros((classes, features), np.float32)
    plain = Familiarity(middles, np.eye(features, dtype=np.float32))
    return export_graph(network, lab.input, temperature=1.0, familiarity=plain)


def _milliseconds(graph: bytes, lab: Lab, *, times: int = 60) -> float:
    """The median of one picture through ONNX Runtime on one core, in the thread's own time.

    So the three stages can be compared on a machine that does other things meanwhile.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    width, height = lab.input.size
    picture = np.zeros((1, height, width, 3), np.uint8)
    taken = []
    for _ in range(times):
        began = time.thread_time()
        session.run(["logits"], {"picture": picture})
        taken.append(1000 * (time.thread_time() - began))
    return statistics.median(taken[5:])
