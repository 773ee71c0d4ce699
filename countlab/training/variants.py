"""Variants of a lab: the same pictures, other networks, sizes, views or schedules; each run judged.

`lab.toml` lists them under `[[compare]]`; each names the sections that it changes.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

from countlab.errors import CountlabError
from countlab.system.toml import read_toml
from countlab.system.whole_file import write_whole
from countlab.training.dataset import Dataset, assign_parts, gather, plan_of
from countlab.training.lab import Lab
from countlab.training.loop import Fit, Report, fit, rarest_f1
from countlab.training.network_outputs import logits_of
from countlab.training.networks import Network
from countlab.training.runs import QUICK_PICTURES, finished_network, first_weights
from countlab.training.split import TEST, TRAIN, VALIDATION
from countlab.training.tensors import Tensors, tensors

RESULT = "result.json"
_SECTIONS = ("input", "network", "augment", "schedule", "pretext")
_PARTS = (TRAIN, VALIDATION, TEST)


@dataclass(frozen=True)
class Result:
    """What a variant came to; F1 is that of the rarest class."""

    name: str
    f1: float
    accuracy: float
    test_f1: float
    test_accuracy: float
    epochs: int
    parameters: int
    seconds: float


def variant(lab: Lab, changes: Mapping[str, Mapping[str, Any]]) -> Lab:
    """The lab with some values of some sections changed."""
    sections: dict[str, Any] = {}
    for name, values in changes.items():
        if name not in _SECTIONS:
            reason = f"“{name}” cannot vary; these can: {', '.join(_SECTIONS)}"
            raise CountlabError("bad_lab_file", file="lab.toml", reason=reason)
        section = getattr(lab, name)
        known = {item.name for item in fields(section)}
        if wrong := sorted(set(values) - known):
            reason = f"“{wrong[0]}” is not known in [{name}]; known: {', '.join(sorted(known))}"
            raise CountlabError("bad_lab_file", file="lab.toml", reason=reason)
        tupled = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        sections[name] = replace(section, **tupled)
    return replace(lab, **sections)


def listed(folder: Path, lab: Lab) -> list[tuple[str, Lab]]:
    """The variants that `lab.toml` compares: each entry, alone and with its views combined."""
    path = folder / "lab.toml"
    table = read_toml(path) if path.is_file() else {}
    found = []
    for entry in table.get("compare", ()):
        changes = {name: entry[name] for name in _SECTIONS if name in entry}
        views: Mapping[str, Mapping[str, Any]] = entry.get("views", {})
        for number in range(len(views) + 1):
            for chosen in itertools.combinations(views, number):
                augment = {**changes.get("augment", {})}
                for view in chosen:
                    augment |= views[view]
                name = " + ".join([str(entry["name"]), *chosen])
                found.append((name, variant(lab, {**changes, "augment": augment})))
    if not found:
        raise CountlabError("nothing_to_compare", file=path)
    return found


def folder_of(name: str, work: Path) -> Path:
    """Where a variant's training and its result are kept."""
    return work / "compare" / "".join(c if c.isalnum() else "-" for c in name)


class Pictures:
    """The lab's pictures, read once for each size that a variant asks for."""

    def __init__(
        self, folder: Path, folders: Sequence[Path], *, data: Path | None, quick: bool, work: Path
    ) -> None:
        self._folder, self._folders, self._data, self._work = folder, folders, data, work
        self._limit = QUICK_PICTURES if quick else None
        self._kept: tuple[Any, Dataset, dict[str, Tensors]] | None = None

    def of(self, lab: Lab) -> tuple[Dataset, dict[str, Tensors]]:
        """Only the last size stays in memory: whole pictures are large."""
        if self._kept is None or self._kept[0] != lab.form:
            self._kept = None
            examples = gather(lab, self._folders, data=self._data, limit=self._limit)
            split = self._work / "split.csv"
            dataset = assign_parts(lab, examples, split, own=self._folder / "split.csv")
            parts = {p: tensors(dataset.of(p), stored=p == TRAIN) for p in _PARTS}
            self._kept = lab.form, dataset, parts
        return self._kept[1], self._kept[2]


def run(
    name: str,
    lab: Lab,
    pictures: Pictures,
    folder: Path,
    *,
    folders: Sequence[Path],
    seed: int,
    report: Report,
) -> Result:
    """Trains and judges one variant in its folder; one that is done is not done again."""
    dataset, parts = pictures.of(lab)
    plan = plan_of(lab, dataset, seed)
    if (kept := _kept(folder, plan)) is not None:
        return kept
    weights = first_weights(
        lab, dataset, folders, seed=seed, work=folder, report=report, resume=True, plan=plan
    )
    torch.manual_seed(seed)
    network = Network(lab.architecture())
    network.load_state_dict(weights or {}, strict=False)
    task = Fit(lab, parts[TRAIN], parts[VALIDATION], seed, folder / "state.pt", plan, report)
    state = fit(task, network, resume=True)
    best = finished_network(state, network)
    chosen, judged = (_figures(best, lab, parts, part) for part in (VALIDATION, TEST))
    result = Result(
        name, *chosen, *judged, len(state.epochs),
        sum(int(p.numel()) for p in best.parameters()), round(state.seconds, 1),
    )  # fmt: skip
    write_whole(folder / RESULT, json.dumps({**asdict(result), "plan": plan}, indent=1).encode())
    return result


def _figures(
    network: Network, lab: Lab, parts: Mapping[str, Tensors], part: str
) -> tuple[float, float]:
    """F1 of the rarest class, and accuracy."""
    if not len(parts[part]):
        return 0.0, 0.0
    logits, labels = logits_of(network, parts[part].pictures, lab), parts[part].labels
    right = float((logits.argmax(1) == labels).float().mean().item())
    return rarest_f1(logits, labels, parts[TRAIN].labels), right


def _kept(folder: Path, plan: str) -> Result | None:
    path = folder / RESULT
    if not path.is_file():
        return None
    values = json.loads(path.read_text(encoding="utf-8"))
    return Result(**values) if values.pop("plan") == plan else None
