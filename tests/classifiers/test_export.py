"""The published graph says what the trained network says, and its maps explain it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from countlab.training import train
from countlab.training.architecture import NAMES, named
from countlab.training.export import export_graph, network_from_graph
from countlab.training.judging import Published
from countlab.training.lab_sections import Input
from countlab.training.networks import Network
from countlab.training.unfamiliar import Familiarity, familiarity_of, with_usual

pytestmark = pytest.mark.training


def _shaken(network: Network) -> Network:
    """With norms that have seen something, so that leaving one out would show."""
    torch.manual_seed(3)
    for value in network.state_dict().values():
        if value.ndim == 1 and value.is_floating_point():
            value.copy_(torch.rand_like(value) * 0.5 + 0.5)
    return network.eval()


def _familiarity(features: int, classes: int) -> Familiarity:
    random = np.random.default_rng(1)
    known = familiarity_of(random.random((60, features)), np.arange(60) % classes, classes)
    return with_usual(known, random.random((30, features)), random.random((30, classes)) * 9)


@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
@pytest.mark.parametrize("mirrored", [False, True], ids=["plain", "mirrored"])
@pytest.mark.parametrize("name", NAMES)
def test_graph_agrees_with_torch(name: str, grey: bool, mirrored: bool) -> None:
    import onnxruntime

    architecture = named(name, classes=4, grey=grey, flip_average=mirrored)
    network = _shaken(Network(architecture))
    picture = Input(size=(44, 28), grey=grey, mean=(0.4,), std=(0.3,))
    far = _familiarity(architecture.features, 4)
    graph = export_graph(network, picture, temperature=1.7, familiarity=far)
    again = network_from_graph(graph, architecture)
    pictures = np.random.default_rng(2).integers(0, 255, (5, 28, 44, 3), np.uint8)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    logits, cam, features, distance = session.run(None, {"picture": pictures})
    expected, means = _by_hand(again, picture, pictures)
    scale = max(1.0, float(np.abs(expected).max()))
    assert np.abs(logits - expected / 1.7).max() / scale < 1e-5
    assert np.abs(features - means).max() / max(1.0, float(np.abs(means).max())) < 1e-5
    assert np.allclose(distance, far.distance(means, expected / 1.7), rtol=1e-3, atol=1e-3)
    bias = again.linear.bias.detach().numpy() / 1.7
    assert np.abs(cam.mean((2, 3)) + bias - logits).max() / scale < 1e-5


def _by_hand(network: Network, picture: Input, pictures: np.ndarray) -> tuple[np.ndarray, ...]:
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    if picture.grey:
        x = (x * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    x = (x - picture.mean[0]) / picture.std[0]
    with torch.no_grad():
        sides = [x, x.flip(3)] if network.architecture.flip_average else [x]
        means = sum(network.maps(side).mean((2, 3)) for side in sides) / len(sides)
        logits = network.linear(means[:, :, None, None])[:, :, 0, 0]
    return logits.numpy(), means.numpy()


@pytest.fixture(scope="module")
def model(shapes_lab: Path, shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Published:
    out = tmp_path_factory.mktemp("model")
    train(shapes_lab, data=shapes, out=out, seed=2, epochs=12)
    return Published(out)


def test_class_activation_equals_grad_cam(model: Published, shapes: Path) -> None:
    """Captum's Grad-CAM on the torch network, the graph's own map beside it."""
    captum = pytest.importorskip("captum.attr", reason="captum is not installed here")
    from countlab.training.augmentation import as_floats
    from countlab.training.lab import read_lab
    from countlab.training.material import read_folder
    from countlab.training.network_outputs import normalised
    from countlab.training.pruning import load_network

    network = load_network(model.folder)
    lab = read_lab(shapes.parent / "none", classes=model.labels)
    examples = read_folder(shapes, model.labels, model.form)[::5]
    pictures = np.stack([e.fitted for e in examples])
    outputs = model.run(pictures)
    x = normalised(as_floats(torch.from_numpy(pictures)), lab).requires_grad_()
    said = torch.from_numpy(outputs["logits"].argmax(1))
    maps = captum.LayerGradCam(network, network.blocks[-1]).attribute(x, said)
    for at, label in enumerate(said.tolist()):
        ours, theirs = outputs["cam"][at, label], maps[at, 0].detach().numpy()
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9999
        ours, theirs = (np.maximum(m, 0) / np.maximum(m, 0).max() for m in (ours, theirs))
        assert np.abs(ours - theirs).max() < 1e-3


def test_model_folder_describes_its_files(model: Published) -> None:
    import hashlib

    described = model.described
    assert described["task"] == "classify"
    for file in described["files"].values():
        data = (model.folder / file["name"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    graph = onnx.load(model.graph)
    assert [output.name for output in graph.graph.output] == [
        "logits", "cam", "features", "distance",
    ]  # fmt: skip


def test_alone_or_in_a_batch_the_answer_is_the_same(model: Published) -> None:
    pictures = np.random.default_rng(4).integers(0, 255, (7, 24, 24, 3), np.uint8)
    together = model.run(pictures)["logits"]
    alone = np.concatenate([model.run(picture[None])["logits"] for picture in pictures])
    assert np.abs(together - alone).max() < 1e-5
