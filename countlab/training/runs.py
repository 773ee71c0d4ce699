"""One training run from a lab's folder to a model's folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from countlab.errors import CountlabError
from countlab.models.catalog import read_catalog
from countlab.settings import Settings
from countlab.training import checkpoint
from countlab.training.curve import write_curve
from countlab.training.dataset import (
    Dataset,
    assign_parts,
    classes_of,
    examples_of,
    gather,
    plan_of,
)
from countlab.training.graph import read_weights
from countlab.training.judging import Published
from countlab.training.lab import Lab, read_lab
from countlab.training.lab_sections import Source
from countlab.training.loop import Fit, Progress, Report, fit
from countlab.training.networks import Network
from countlab.training.pretext import pretrain
from countlab.training.publishing import publish
from countlab.training.split import TRAIN, VALIDATION
from countlab.training.tensors import tensors

QUICK_PICTURES, QUICK_EPOCHS = 40, 3
WORK = "training"
"""The folder inside a model's folder that holds the checkpoint, the split and the curve."""


@dataclass(frozen=True)
class TrainedModel:
    """What a run leaves: the model's folder, and what was measured on the part that judges."""

    name: str
    folder: Path
    evaluation: dict[str, Any]
    seconds: float
    epochs: tuple[dict[str, float], ...]


def silent(_: Progress) -> None:
    """A report that nobody reads."""


def train(
    lab_folder: Path,
    *,
    data: Path | None = None,
    out: Path,
    resume: bool = True,
    seed: int = 1,
    quick: bool = False,
    report: Report = silent,
    folders: Sequence[Path] = (),
    epochs: int | None = None,
    threads: int = 2,
    more: Sequence[Source] = (),
) -> TrainedModel:
    """Trains what `lab_folder` describes and writes the model into `out`.

    `data` is a folder of one's own (a folder a class, or MNIST's files); without it the lab's
    sources are looked for below each of `folders`. `more` are sources beside them. Ctrl-C saves
    and raises KeyboardInterrupt; the same call goes on from there and ends as it would have
    without the interruption.
    """
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(not torch.cuda.is_available())
    lab = lab_for(lab_folder, data=data, quick=quick, epochs=epochs)
    if not lab.classes:
        raise CountlabError("no_training_data", lab=lab.name, places=str(data or lab_folder))
    limit = QUICK_PICTURES if quick else None
    work = out / WORK
    examples = gather(lab, folders, data=data, limit=limit)
    examples += [found for source in more for found in examples_of(source, lab, folders)]
    material = assign_parts(lab, examples, work / "split.csv", own=lab_folder / "split.csv")
    plan = plan_of(lab, material, seed)
    first = first_weights(
        lab, material, folders, seed=seed, work=work, report=report, resume=resume, plan=plan
    )
    network = _begun(lab, seed, first)
    task = Fit(
        lab=lab,
        train=tensors(material.of(TRAIN), stored=True),
        validation=tensors(material.of(VALIDATION), stored=False),
        seed=seed,
        checkpoint=work / "state.pt",
        plan=plan,
        report=_with_curve(report, work, lab.title),
    )
    state = fit(task, network, resume=resume)
    best = finished_network(state, network)
    evaluation = publish(lab, best, material, out=out, folders=folders, seed=seed, quick=quick)
    return TrainedModel(lab.name, out, evaluation, state.seconds, tuple(state.epochs))


def lab_for(
    folder: Path, *, data: Path | None, quick: bool = False, epochs: int | None = None
) -> Lab:
    """The lab as it will be trained: its file, the data's own classes, the shortened schedule."""
    lab = read_lab(folder, classes=classes_of(data))
    if quick:
        lab = replace(
            lab,
            schedule=replace(lab.schedule, epochs=QUICK_EPOCHS, batch=16),
            pretext=replace(lab.pretext, epochs=min(1, lab.pretext.epochs), batch=16),
        )
    if epochs:
        lab = replace(lab, schedule=replace(lab.schedule, epochs=epochs))
    return lab


def finished_network(state: checkpoint.State, network: Network) -> Network:
    """The moving average of the epoch that the schedule says to keep."""
    best = Network(network.architecture)
    numbers = state.best["numbers"] if state.best else state.average.state_dict()
    best.load_state_dict(numbers)
    return best.eval()


def _begun(lab: Lab, seed: int, first: dict[str, Any] | None) -> Network:
    torch.manual_seed(seed)
    network = Network(lab.architecture())
    if first:
        network.load_state_dict(first, strict=False)
    return network


def first_weights(
    lab: Lab,
    material: Dataset,
    folders: Sequence[Path],
    *,
    seed: int,
    work: Path,
    report: Report,
    resume: bool,
    plan: str,
) -> dict[str, Any] | None:
    """What the pretext task taught, if the lab has one; not repeated for a run under way."""
    if lab.pretext.model:
        return weights_of_model(lab, Settings.from_environment())
    if not lab.pretext.epochs:
        return None
    return pretrain(
        lab, material, folders, seed=seed, checkpoint=work / "pretext.pt", report=report,
        resume=resume, plan=hashlib.sha256(f"pretext {plan}".encode()).hexdigest(),
    )  # fmt: skip


def weights_of_model(lab: Lab, settings: Settings) -> dict[str, Any]:
    """The first layers of another model, such as a detector that learnt from boxes."""
    folder = read_catalog(settings.models_folder).find(lab.pretext.model).folder
    known = read_weights(Published(folder).graph.read_bytes())
    own = Network(lab.architecture()).state_dict()
    fitting = {
        name: torch.from_numpy(known[name].copy())
        for name, value in own.items()
        if name in known and known[name].shape == tuple(value.shape)
    }
    if not fitting:
        raise CountlabError("nothing_to_borrow", model=lab.pretext.model, lab=lab.name)
    return fitting


def _with_curve(report: Report, work: Path, title: str) -> Callable[[Progress], None]:
    """The curve is drawn anew after each epoch."""

    def tell(progress: Progress) -> None:
        if progress.figures:
            curve = work / "curve.svg"
            write_curve(curve, progress.history, title=title, last=progress.epochs)
        report(progress)

    return tell
