"""`countlab quantize` for classifiers: installed when the classes stay, else refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from countlab.inference.pipeline import Pipeline
from countlab.models.catalog import read_catalog
from countlab.options import PredictOptions
from tests.conftest import Run
from tests.tasks import graphs

pytest.importorskip("nncf", reason="needs NNCF: pip install countlab[quantize]")


def digit(number: int, seed: int) -> np.ndarray:
    """White on black, 28 × 28, never twice the same."""
    chance = np.random.default_rng((number, seed))
    pixels = np.zeros((28, 28), np.uint8)
    place = int(chance.integers(4, 9)), int(chance.integers(20, 25))
    size, pen = float(chance.uniform(0.7, 0.95)), int(chance.integers(1, 3))
    cv2.putText(pixels, str(number), place, cv2.FONT_HERSHEY_SIMPLEX, size, 255, pen)
    return pixels


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three of each digit, a folder for each."""
    for number in range(10):
        folder = tmp_path / "digits" / str(number)
        folder.mkdir(parents=True)
        for seed in range(3):
            cv2.imwrite(str(folder / f"{number}-{seed}.png"), digit(number, seed))
    return tmp_path / "digits"


def test_eight_bits_are_installed_when_the_classes_stay(
    run: Run, home: Path, pictures: Path
) -> None:
    status, out, _ = run("quantize", "digits", "--calibrate", pictures)
    assert status == 0
    assert "Of 10 others" in out
    assert "the same class" in out
    catalog = read_catalog(home / "models")
    full, small = catalog.find("digits"), catalog.find("digits-int8")
    for kept in ("labels", "answer", "preprocessing", "unfamiliar_distance", "names"):
        assert getattr(small, kept) == getattr(full, kept), kept
    pipeline = Pipeline()
    data = cv2.imencode(".png", digit(7, 99))[1].tobytes()
    answers = {
        name: pipeline.predict(data, PredictOptions(model=name))
        for name in ("digits", "digits-int8")
    }
    assert answers["digits-int8"].precision == "int8"
    found = [answer.classification for answer in answers.values()]
    assert found[0]
    assert found[1]
    assert next(iter(found[0].probabilities)) == next(iter(found[1].probabilities)) == "7"
    assert found[0].probabilities["7"] == pytest.approx(found[1].probabilities["7"], abs=0.1)
    assert found[0].distance == pytest.approx(found[1].distance, abs=0.6), "the warning stays"
    assert answers["digits-int8"].explain().values.shape == answers["digits"].explain().values.shape


def write_fine_model(home: Path) -> None:
    """Says `bright` where red is above one half, by weights that differ by three in a thousand."""
    folder = home / "models" / "fine"
    folder.mkdir(parents=True)
    (folder / "labels.txt").write_text("dim\nbright\n")
    (folder / "model.toml").write_text(
        'name = "fine"\ntask = "classify"\nlabels = "labels.txt"\n'
        '[files]\ngraph = { name = "graph.onnx" }\n'
    )
    graph, picture = graphs.Graph(), graphs.Input()
    weights = np.full((2, 3, 1, 1), 100.0)
    weights[1, 0] += 0.3
    bias = graph.constant([0.0, -0.15])
    scores = graph.add("Conv", picture.planes(graph), graph.constant(weights), bias)
    means = graph.add("Flatten", graph.add("GlobalAveragePool", scores))
    graphs.save(folder / "graph.onnx", graph, [means], picture=picture, names=["logits"])


def test_eight_bits_that_call_pictures_otherwise_are_refused(
    run: Run, home: Path, tmp_path: Path
) -> None:
    """Eight bits cannot hold three in a thousand."""
    write_fine_model(home)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(24):
        red = 230 if number % 2 else 25
        cv2.imwrite(str(folder / f"{number:02}.png"), np.full((64, 96, 3), (90, 90, red), np.uint8))
    status, out, err = run("quantize", "fine", "--calibrate", folder, "--max-difference", 0.1)
    assert status == 1
    assert "is here" not in out
    assert "calls a share of" in err
    assert not list((home / "models").glob("*int8*"))
