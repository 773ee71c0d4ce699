"""The octagons' detector: what it learns from, its export, its training run, its figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs torch (make test-training sets it up)")

import torch

from countlab.findings import Box, Finding
from recipes.octagons.crops import SIDE, Labelled, crop, read_one
from recipes.octagons.evaluate import figures
from recipes.octagons.export import write_model
from recipes.octagons.loss import loss, overlap, targets
from recipes.octagons.model import LABELS
from recipes.octagons.network import OctagonDetector, corners
from recipes.octagons.train import train
from recipes.octagons.truth import Picture, TrueOctagon, read_part

pytestmark = pytest.mark.training
SAMPLE = Path(__file__).parents[3] / "labs" / "octagons" / "sample"


@pytest.fixture(scope="module")
def pictures() -> list[Labelled]:
    chosen = [p for p in read_part(SAMPLE, "") if p.octagons][:6]
    return [read_one(SAMPLE, f"pictures/{p.path.name}") for p in chosen]


def test_crops_keep_their_octagons(pictures: list[Labelled]) -> None:
    found = 0
    for at in range(60):
        pixels, clear, doubtful = crop(pictures, (3, at))
        assert pixels.shape == (SIDE, SIDE, 3)
        assert ((clear[:, 1:] >= 0) & (clear[:, 1:] <= SIDE)).all()
        assert (doubtful[:, 2:] > doubtful[:, :2]).all()
        for _, left, top, right, bottom in clear:
            inner = pixels[int(top) : int(bottom) + 1, int(left) : int(right) + 1]
            assert inner.mean() < 175, "mostly black"
        found += len(clear)
    assert found > 25
    again = crop(pictures, (3, 7))
    assert all(np.array_equal(a, b) for a, b in zip(again, crop(pictures, (3, 7)), strict=True))


def test_every_octagon_has_a_cell_and_a_kind_where_it_can_be_read() -> None:
    clear = np.array([(1, 10, 10, 70, 70), (2, 100, 100, 115, 114)], np.float32)
    wanted = targets([(clear, np.zeros((0, 4), np.float32))], SIDE)
    assert wanted.middle.sum() >= 2
    assert set(wanted.kind.unique().tolist()) == {-1, 1}
    assert wanted.middle[0, 13, 13] == 1


def test_what_a_crops_edge_cuts_is_not_judged() -> None:
    doubtful = np.array([(-30, 20, 8, 60)], np.float32).clip(0)
    wanted = targets([(np.zeros((0, 5), np.float32), doubtful)], SIDE)
    assert (wanted.counted == 0).any()
    assert wanted.middle.sum() == 0


def test_overlap_of_boxes() -> None:
    one = torch.tensor([[0.0, 0, 10, 10]])
    assert overlap(one, one).item() == pytest.approx(1)
    assert overlap(one, one + 20).item() < 0


def test_export_agrees_with_torch(tmp_path: Path) -> None:
    import onnxruntime

    torch.manual_seed(4)
    network = OctagonDetector()
    with torch.no_grad():
        network.head.weight.normal_(std=0.2)
    network.train()
    network(torch.rand(4, 3, 128, 128))
    network.eval()
    assert write_model(network, tmp_path) < 4_000_000
    session = onnxruntime.InferenceSession(tmp_path / "graph.onnx")
    picture = np.random.default_rng(5).integers(0, 255, (1, 512, 512, 3), np.uint8)
    rows = session.run(None, {"picture": picture})[0]
    with torch.no_grad():
        cells = network(torch.from_numpy(picture).permute(0, 3, 1, 2).float() / 255)
    sides = corners(cells).flatten(2)
    assert rows.shape == (1, 4 + len(LABELS), 64 * 64)
    middles = (sides[:, :2] + sides[:, 2:]) / 2
    assert np.abs(rows[:, :2] - middles.numpy()).max() < 0.5  # weights are kept in two bytes
    assert np.abs(rows[:, 4:].max(1) - cells[:, 4].sigmoid().flatten(1).numpy()).max() < 0.02
    assert ((rows[:, 4:] > 0).sum(1) == 1).all(), "one label a cell"


def test_training_learns_and_goes_on_after_an_interruption(
    pictures: list[Labelled], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(1)
    whole = train(pictures, tmp_path / "whole.pt", steps=8, size=8)
    seen: list[int] = []

    def stopping(cells: Any, wanted: Any) -> Any:
        seen.append(1)
        if len(seen) == 5:
            raise KeyboardInterrupt
        return loss(cells, wanted)

    monkeypatch.setattr("recipes.octagons.train.loss", stopping)
    monkeypatch.setattr("recipes.octagons.train._SAVE_EVERY_S", 0.0)
    with pytest.raises(KeyboardInterrupt):
        train(pictures, tmp_path / "cut.pt", steps=8, size=8)
    monkeypatch.undo()
    resumed = train(pictures, tmp_path / "cut.pt", steps=8, size=8)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_loss_falls_on_what_is_right(pictures: list[Labelled]) -> None:
    _, clear, doubtful = crop(pictures, (3, 1))
    wanted = targets([(clear, doubtful)], SIDE)
    wrong = torch.zeros(1, 9, SIDE // 8, SIDE // 8)
    right = wrong.clone()
    right[:, 4] = wanted.middle * 16 - 8
    assert loss(right, wanted)[0] < loss(wrong, wanted)[0]


def test_figures_count_what_was_promised() -> None:
    octagon = TrueOctagon("sodium octagon", (10, 10, 70, 70))
    small = TrueOctagon("fat octagon", (100, 100, 118, 118))
    pictures = [
        Picture(Path("a"), (octagon, small), (), "white", "box"),
        Picture(Path("b"), (), ("square",), "white", "box"),
        Picture(Path("c"), (), (), "white", "box"),
    ]
    read = Finding("sodium octagon", 0.9, Box(11, 10, 70, 71))
    misread = Finding("fat octagon", 0.9, Box(11, 10, 70, 71))
    good = figures(pictures, [(read,), (), ()])
    assert good["octagons of 24 px and more found"]["share"] == 1
    assert good["kind right from 48 px on"]["share"] == 1
    assert good["counts exact"]["right"] == 2
    bad = figures(pictures, [(misread,), (read,), ()])
    assert bad["kind right from 48 px on"]["share"] == 0
    assert bad["silent on misleading shapes"]["share"] == 0
