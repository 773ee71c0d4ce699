"""Networks for things small in the picture: strongest places instead of a mean, no norm, borrowed
first layers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from countlab.errors import CountlabError
from countlab.settings import Settings
from countlab.training.architecture import Pooling, architecture_from_json, named
from countlab.training.curve import curve
from countlab.training.export import export_graph, network_from_graph
from countlab.training.lab import read_lab
from countlab.training.lab_sections import Input, Pretext
from countlab.training.networks import PEAK, Network
from countlab.training.pruning import pruned_network
from countlab.training.runs import weights_of_model
from countlab.training.unfamiliar import Familiarity

pytestmark = pytest.mark.training
PICTURE = Input(size=(48, 40), mean=(0.5,), std=(0.25,))


def graph_of(network: Network) -> bytes:
    features, classes = network.architecture.features, network.architecture.classes
    plain = Familiarity(np.zeros((classes, features), np.float32), np.eye(features).astype("f4"))
    return export_graph(network, PICTURE, temperature=2.0, familiarity=plain)


@pytest.mark.parametrize("mirrored", [False, True], ids=["plain", "mirrored"])
@pytest.mark.parametrize("norm", [True, False], ids=["norm", "bias"])
@pytest.mark.parametrize("pooling", ["mean", "peak"])
@pytest.mark.parametrize("name", ["lenet", "resnet-regularised", "mobile"])
def test_graph_agrees_with_torch(name: str, pooling: Pooling, norm: bool, mirrored: bool) -> None:
    import onnxruntime

    torch.manual_seed(3)
    architecture = named(name, classes=3, pooling=pooling, norm=norm, flip_average=mirrored)
    architecture = architecture_from_json(architecture.as_json())
    graph = graph_of(Network(architecture).eval())
    network = network_from_graph(graph, architecture)
    pictures = np.random.default_rng(2).integers(0, 255, (3, 40, 48, 3), np.uint8)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    said = session.run(["logits"], {"picture": pictures})[0]
    x = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25
    with torch.no_grad():
        sides = [x, x.flip(3)] if mirrored else [x]
        expected = sum(network(side) for side in sides) / len(sides) / 2
    assert np.allclose(said, expected.numpy(), atol=1e-5)


def test_a_peaks_map_says_what_each_place_alone_would_answer() -> None:
    """And lies at its cells' middles: a cell is the mean of itself and its next neighbors."""
    import onnxruntime

    torch.manual_seed(4)
    network = Network(named("resnet", classes=3, widths=(8, 16), pooling="peak")).eval()
    for numbers in network.linear.parameters():
        torch.nn.init.normal_(numbers)
    pictures = np.random.default_rng(2).integers(0, 255, (2, 40, 48, 3), np.uint8)
    session = onnxruntime.InferenceSession(graph_of(network), providers=["CPUExecutionProvider"])
    found = session.run(["cam"], {"picture": pictures})[0]
    x = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25
    with torch.no_grad():
        places = network_from_graph(graph_of(network), network.architecture)
        places = places.linear(places.maps(x)) / 2
    near = np.pad(places.numpy(), ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=np.nan)
    four = np.stack(
        [near[..., :-1, :-1], near[..., 1:, :-1], near[..., :-1, 1:], near[..., 1:, 1:]]
    )
    sure = torch.from_numpy(np.nanmean(four, 0)).softmax(1).numpy().astype(float)
    assert np.allclose(found, np.log(sure / (1 - sure)), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("pooling", "share"), [("mean", PEAK / 1600), ("peak", 1.0)])
def test_a_mean_drowns_a_small_thing(pooling: Pooling, share: float) -> None:
    """The weights are positive, so that the strongest places are those of the thing."""
    network = Network(named("resnet", classes=2, widths=(8, 8), pooling=pooling)).eval()
    maps = torch.zeros(1, 8, 40, 40)
    maps[:, :, 3, 3 : 3 + PEAK] = 1.0
    with torch.no_grad():
        network.linear.weight.abs_()
        nothing, whole = (network.answer(torch.full_like(maps, v)) for v in (0.0, 1.0))
        seen = network.answer(maps)
    assert torch.allclose(seen - nothing, (whole - nothing) * share, atol=1e-5)


def test_stages_of_stride_1_keep_their_maps_size() -> None:
    deep = Network(named("resnet", classes=2, widths=(8, 8, 8)))
    shallow = Network(named("resnet", classes=2, widths=(8, 8, 8), strides=(2, 1)))
    x = torch.zeros(1, 3, 32, 32)
    assert deep.maps(x).shape[2:] == (8, 8)
    assert shallow.maps(x).shape[2:] == (16, 16)


@pytest.mark.parametrize("strides", ["[2]", "[2, 3]", "[2, 2, 2]"])
def test_strides_that_fit_no_stages_are_refused(tmp_path: Path, strides: str) -> None:
    (tmp_path / "lab.toml").write_text(f"[network]\nwidths = [8, 8, 8]\nstrides = {strides}\n")
    with pytest.raises(CountlabError, match="each of the 2 stages"):
        read_lab(tmp_path, classes=("a", "b")).architecture()


def test_unknown_pooling_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('[network]\npooling = "median"\n')
    with pytest.raises(CountlabError, match="median"):
        read_lab(tmp_path, classes=("a", "b")).architecture()


def test_a_network_without_norms_is_pruned() -> None:
    network = Network(named("resnet", classes=2, widths=(16, 32), norm=False)).eval()
    thin = pruned_network(network, 0.5)
    assert thin(torch.zeros(1, 3, 16, 16)).shape == (1, 2)
    assert sum(p.numel() for p in thin.parameters()) < sum(p.numel() for p in network.parameters())


def test_first_layers_are_borrowed_where_they_fit(shapes_lab: Path, tmp_path: Path) -> None:
    lab = replace(read_lab(shapes_lab), classes=("a", "b"), pretext=Pretext(model="eyes"))
    torch.manual_seed(8)
    other = replace(lab.architecture(), classes=5)
    folder = tmp_path / "models" / "eyes"
    folder.mkdir(parents=True)
    (folder / "graph.onnx").write_bytes(graph_of(Network(other).eval()))
    (folder / "names").write_text("x\n")
    (folder / "model.toml").write_text(
        'name = "eyes"\nlabels = "names"\n[files]\ngraph = { name = "graph.onnx" }\n'
    )
    settings = Settings(home=tmp_path)
    weights = weights_of_model(lab, settings)
    assert "blocks.0.conv.weight" in weights
    assert "linear.weight" not in weights, "five classes are not two"
    wider = replace(lab, network=replace(lab.network, widths=(9, 10, 11)))
    with pytest.raises(CountlabError, match="eyes"):
        weights_of_model(wider, settings)


def test_the_curves_marks_stand_at_whole_epochs() -> None:
    drawn = curve([{"epoch": 1, "loss": 1.0}, {"epoch": 5, "loss": 0.5}], title="five", last=5)
    marks = re.findall(r'<text x="([\d.]+)" y="288" text-anchor="middle">(\d+)</text>', drawn)
    (start, _), *_, (end, _) = marks
    assert [
        round((float(x) - float(start)) / (float(end) - float(start)) * 5, 2) for x, _ in marks
    ] == [int(epoch) for _, epoch in marks]
