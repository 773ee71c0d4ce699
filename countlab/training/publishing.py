"""From a trained network to a model's folder: calibrated, exported, judged, described."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from countlab.errors import CountlabError
from countlab.models.answer_profile import write_profile
from countlab.system.toml_text import Inline, toml_text
from countlab.system.whole_file import write_whole
from countlab.training.calibration import temperature_for
from countlab.training.card import card
from countlab.training.dataset import Dataset, examples_of
from countlab.training.export import export_graph, network_from_graph
from countlab.training.graph import OPSET
from countlab.training.judging import Published, judge, judge_unlike
from countlab.training.lab import Lab
from countlab.training.lab_sections import Input
from countlab.training.network_outputs import features_of, logits_of
from countlab.training.networks import Network
from countlab.training.profile import answer_profile
from countlab.training.split import TEST, TRAIN, VALIDATION
from countlab.training.tensors import tensors
from countlab.training.unfamiliar import (
    Familiarity,
    familiarity_of,
    threshold_for,
    with_usual,
)

GRAPH, LABELS, MODEL, CARD, EVALUATION = (
    "graph.onnx", "labels.txt", "model.toml", "card.md", "evaluation.json",
)  # fmt: skip

_MAPS = {
    "mean": "one map a class; its mean plus a bias is the logit",
    "peak": "one map a class: the log odds with which each place alone would answer",
}


@dataclass(frozen=True)
class Tuned:
    """What is learnt after the network: how sure to be, and what is unlike."""

    temperature: float
    familiarity: Familiarity
    threshold: float
    validation_pictures: int


def publish(
    lab: Lab,
    network: Network,
    material: Dataset,
    *,
    out: Path,
    folders: Sequence[Path],
    seed: int,
    quick: bool = False,
) -> dict[str, Any]:
    """Writes the folder, `model.toml` last, and returns what was measured."""
    network = _rounded(network)
    tuned = tune(lab, network, material)
    graph = export_graph(
        network, lab.input, temperature=tuned.temperature, familiarity=tuned.familiarity
    )
    write_whole(out / GRAPH, graph)
    write_whole(out / LABELS, "".join(f"{name}\n" for name in lab.classes).encode())
    described = _described(lab, network, tuned, out, seed)
    write_whole(out / MODEL, toml_text(described).encode())
    write_profile(out, answer_profile(out, material.of(VALIDATION)))
    evaluation = evaluate(lab, material, out, folders, quick=quick)
    evaluation["training"] = {"seed": seed, "parts": _counts(material), "quick": quick}
    write_whole(out / EVALUATION, (json.dumps(evaluation, indent=1) + "\n").encode())
    write_whole(out / CARD, card(lab, described, evaluation).encode())
    return evaluation


def tune(lab: Lab, network: Network, material: Dataset) -> Tuned:
    """Temperature and threshold from the validation part, the spread from the training part."""
    train = tensors(material.of(TRAIN), stored=False)
    validation = tensors(material.of(VALIDATION), stored=False)
    labels = validation.labels.numpy()
    logits = logits_of(network, validation.pictures, lab).numpy()
    temperature = temperature_for(logits, labels)
    seen = features_of(network, train.pictures, lab).numpy()
    familiarity = familiarity_of(seen, train.labels.numpy(), len(lab.classes))
    features = features_of(network, validation.pictures, lab).numpy()
    familiarity = with_usual(familiarity, features, logits / temperature)
    distances = familiarity.distance(features, logits / temperature)
    threshold = threshold_for(distances, lab.false_alarms)
    return Tuned(temperature, familiarity, threshold, len(labels))


def evaluate(
    lab: Lab, material: Dataset, out: Path, folders: Sequence[Path], *, quick: bool = False
) -> dict[str, Any]:
    """On the part that judges, on every further set that judges, and on what is unlike."""
    test = material.of(TEST)
    limit = 20 if quick else None
    sets = {"test": test} if test else {}
    for source in lab.judges:
        sets[source.name] = _at_hand(source, lab, folders, limit)
    figures = {name: judge(out, examples=found) for name, found in sets.items() if found}
    published = Published(out)
    familiar = _distances(published, test) if test else np.zeros(0)
    unlike = {}
    for source in lab.unlike:
        if found := _at_hand(source, lab, folders, limit):
            unlike[source.name] = judge_unlike(published, found, familiar)
    return {"sets": figures, "unlike": unlike}


def _at_hand(source: Any, lab: Lab, folders: Sequence[Path], limit: int | None) -> Any:
    """A set that is not on this machine judges nothing; the figures then lack it."""
    try:
        return examples_of(source, lab, folders, limit=limit)
    except CountlabError as error:
        if error.code in ("no_training_data", "no_fonts", "no_training_pictures"):
            return []
        raise


def _distances(published: Published, examples: Sequence[Any]) -> Any:
    return published.run(np.stack([e.fitted for e in examples]))["distance"]


def _rounded(network: Network) -> Network:
    """With the weights as they are stored, so that all that follows is about what is served."""
    blank = Familiarity(
        np.zeros((network.architecture.classes, network.architecture.features), np.float32),
        np.eye(network.architecture.features, dtype=np.float32),
    )
    channels = (0.5,)
    graph = export_graph(
        network.cpu(),
        Input(size=(64, 64), grey=network.architecture.grey, mean=channels, std=channels),
        temperature=1.0,
        familiarity=blank,
    )
    return network_from_graph(graph, network.architecture)


def _described(lab: Lab, network: Network, tuned: Tuned, out: Path, seed: int) -> dict[str, Any]:
    """`model.toml` as plain values."""
    width, height = lab.input.size
    answer = dict(lab.answer)
    pairs = zip(lab.classes, lab.classes_es, strict=False)
    names = {label: name for label, name in pairs if name != label}
    return {
        "name": lab.name,
        "task": "classify",
        "title": lab.title,
        "title_es": lab.title_es,
        "input": [width, height],
        "labels": LABELS,
        "decoder": "softmax",
        "licence": lab.licence,
        "preprocessing": {
            "resize": "area",
            "color": "rgb",
            **({"crop": lab.input.crop} if lab.input.crop != "none" else {}),
        },
        "outputs": {
            "picture": f"bytes [n, {height}, {width}, 3] go in; scale and mean are in the graph",
            "logits": "softmax gives probabilities; the temperature is in them",
            "cam": _MAPS[network.architecture.pooling],
            "features": "mean of the last map",
            "distance": "above the threshold the picture is unlike what taught",
        },
        "calibration": {"temperature": round(tuned.temperature, 4)},
        "unfamiliar": {
            "threshold": round(tuned.threshold, 4),
            "false_alarms": lab.false_alarms,
            "measured_on": f"{tuned.validation_pictures} validation pictures",
        },
        **({"answer": answer} if answer else {}),
        **({"names": {"es": names}} if names else {}),
        "training": {
            "seed": seed,
            "opset": OPSET,
            "parameters": sum(int(p.numel()) for p in network.parameters()),
            "input": Inline(asdict(lab.input)),
            "architecture": Inline(network.architecture.as_json()),
        },
        "files": {
            "graph": _file(out / GRAPH),
            "names": _file(out / LABELS),
        },
    }


def _file(path: Path) -> Inline:
    data = path.read_bytes()
    return Inline(name=path.name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def _counts(material: Dataset) -> dict[str, int]:
    return {part: len(material.of(part)) for part in (TRAIN, VALIDATION, TEST)}


def agreement(network: Network, lab: Lab, out: Path, pictures: Any) -> float:
    """The largest difference between torch's probabilities and the graph's."""
    torch_logits = logits_of(network, pictures, lab)
    tempered = torch_logits / float(Published(out).described["calibration"]["temperature"])
    graph = torch.from_numpy(Published(out).run(pictures.numpy())["logits"])
    return float((tempered.softmax(1) - graph.softmax(1)).abs().max().item())
