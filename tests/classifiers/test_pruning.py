"""Pruning makes a network smaller and faster, and says what that costs."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from countlab.training import prune, train
from countlab.training.architecture import NAMES, named
from countlab.training.export import export_graph
from countlab.training.lab_sections import Input
from countlab.training.networks import Network
from countlab.training.pruning import load_network, pruned_network
from countlab.training.unfamiliar import Familiarity

pytestmark = pytest.mark.training


@pytest.mark.parametrize("name", NAMES)
def test_channels_without_effect_go_first(name: str) -> None:
    """Where the hidden channels beyond those kept do nothing, pruning changes no answer."""
    network = Network(named(name, classes=3)).eval()
    numbers = network.state_dict()
    for at, block in enumerate(network.architecture.blocks):
        if block.hidden:
            norms = ("norm1", "norm2") if block.kind == "mobile" else ("norm1",)
            for norm in norms:
                for part in ("weight", "bias"):
                    numbers[f"blocks.{at}.{norm}.{part}"][block.hidden // 2 :] = 0
    thin = pruned_network(network, 0.5)
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(network(x), thin(x), atol=1e-5)
    assert _parameters(thin) < 0.75 * _parameters(network)


def test_pruned_network_is_smaller_and_faster() -> None:
    network = Network(named("resnet", classes=5, widths=(32, 64, 128))).eval()
    thin = pruned_network(network, 0.5)
    assert _parameters(thin) < 0.6 * _parameters(network)
    assert _milliseconds(thin) < 0.85 * _milliseconds(network)


def test_prune_writes_a_model_and_its_table(shapes_lab: Path, shapes: Path, tmp_path: Path) -> None:
    train(shapes_lab, data=shapes, out=tmp_path / "shapes", seed=2)
    pruned = prune(
        tmp_path / "shapes",
        lab_folder=shapes_lab,
        out=tmp_path / "thin",
        amount=0.5,
        finetune_epochs=2,
        data=shapes,
    )
    before, after, tuned = pruned.stages
    assert [stage.name for stage in pruned.stages] == ["before", "pruned", "fine-tuned"]
    assert after.parameters == tuned.parameters < before.parameters
    assert tuned.bytes < before.bytes
    assert _parameters(load_network(pruned.folder)) == tuned.parameters
    same = (tmp_path / "shapes/training/split.csv").read_text(encoding="utf-8")
    assert (pruned.folder / "training/split.csv").read_text(encoding="utf-8") == same


def _parameters(network: Network) -> int:
    return sum(int(p.numel()) for p in network.parameters())


def _milliseconds(network: Network) -> float:
    """The least of many: other work on the machine only ever adds."""
    import onnxruntime

    features, classes = network.architecture.features, network.architecture.classes
    far = Familiarity(np.zeros((classes, features), np.float32), np.eye(features, dtype=np.float32))
    graph = export_graph(network, Input(size=(96, 96)), temperature=1.0, familiarity=far)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    picture, taken = np.zeros((1, 96, 96, 3), np.uint8), []
    for _ in range(40):
        began = time.perf_counter()
        session.run(None, {"picture": picture})
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.quantiles(taken, n=10)[0]
