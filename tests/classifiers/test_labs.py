"""The labs themselves: their files, their published models, their notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from countlab.training.judging import Published, judge
from countlab.training.lab import read_lab

ROOT = Path(__file__).parents[2]
NAMES = ("digits", "catsdogs", "weather", "octagons")
SHARED = ROOT.parent / "shared" / "data"
LARGEST_BYTES = 4_000_000


def _model(name: str) -> Published:
    folder = ROOT / "countlab/models/data" / name
    if not (folder / "model.toml").is_file():
        pytest.skip(f"the model {name} is not built in yet")
    return Published(folder)


@pytest.mark.parametrize("name", NAMES)
def test_lab_file_is_understood(name: str) -> None:
    lab = read_lab(ROOT / "labs" / name)
    assert lab.name == name
    assert lab.architecture().classes == len(lab.classes)
    assert lab.answer["class"]
    assert abs(sum(lab.shares) - 1) < 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_published_model_belongs_to_its_lab(name: str) -> None:
    lab, model = read_lab(ROOT / "labs" / name), _model(name)
    assert model.labels == lab.classes
    assert model.described["answer"] == lab.answer
    assert tuple(model.described["input"]) == lab.input.size
    assert model.graph.stat().st_size < LARGEST_BYTES
    width, height = lab.input.size
    blank = np.zeros((2, height, width, 3), np.uint8)
    outputs = model.run(blank)
    assert outputs["logits"].shape == (2, len(lab.classes))
    assert np.isfinite(outputs["distance"]).all()


@pytest.mark.parametrize("name", NAMES)
def test_card_says_what_was_measured(name: str) -> None:
    model = _model(name)
    evaluation = json.loads((model.folder / "evaluation.json").read_text(encoding="utf-8"))
    card = (model.folder / "card.md").read_text(encoding="utf-8")
    for figures in evaluation["sets"].values():
        assert f"**{figures['accuracy']:.2%}**" in card
    assert not evaluation["training"]["quick"]


def test_digits_are_read_on_mnist() -> None:
    """The first thousand of the set that judges; the whole of it is in evaluation.json."""
    if not (SHARED / "mnist").is_dir():
        pytest.skip("../shared/data/mnist is not here")
    from countlab.training.material import read_mnist

    model = _model("digits")
    form = read_lab(ROOT / "labs/digits").form
    examples = [e for e in read_mnist(SHARED / "mnist", form, limit=100) if e.part == "test"]
    assert judge(model.folder, examples=examples)["accuracy"] >= 0.985


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("name", NAMES)
def test_server_feeds_what_training_fed(name: str, engine: str) -> None:
    """Odd sizes: larger, smaller, narrow, one pixel; both engines of the server."""
    from countlab.inference.predictor import Predictor
    from countlab.models.catalog import read_catalog
    from countlab.models.store import Store
    from countlab.training.preprocessing import fit_picture

    published = _model(name)
    entry = read_catalog(Path("none")).find(name)
    predictor = Predictor(engine, entry, Store().files(entry))
    random = np.random.default_rng(7)
    for height, width in ((200, 300), (20, 31), (500, 40), (1, 1)):
        pixels = random.integers(0, 255, (height, width, 3), np.uint8)
        form = published.form
        fitted = fit_picture(pixels, size=form.size, crop=form.crop)
        if engine == "onnxruntime":  # openvino keeps the order of the colours to its own graph
            fed = np.asarray(predictor.tensor(pixels), np.float64).reshape(fitted.shape)
            assert np.abs(fed - fitted).max() / 255 <= 1e-6
        expected = published.run(fitted[None])["logits"][0]
        said = predictor.classify(pixels).probabilities
        raised = np.exp(expected - expected.max())
        for label, probability in zip(published.labels, raised / raised.sum(), strict=True):
            assert abs(said[label] - float(probability)) < 2e-4


@pytest.mark.training
@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    _model(name)
    path = ROOT / "labs" / name / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert all(not cell.get("outputs") for cell in notebook.cells)
    assert all(len(cell.source.splitlines()) <= 32 for cell in notebook.cells)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources=resources).execute()
    shown = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    assert sum("image/png" in o.get("data", {}) for o in shown) >= 1
