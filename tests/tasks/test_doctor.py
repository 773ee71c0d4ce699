"""`countlab doctor` opens the graphs of people's own models and names those it cannot use."""

from __future__ import annotations

from pathlib import Path

import pytest

from countlab.doctor import check_all
from countlab.settings import Settings
from countlab.system.versions import Check
from tests.tasks import graphs
from tests.tasks.conftest import WriteModel
from tests.tasks.graphs import Input


def check_mine(home: Path, folder: Path, engine: str = "openvino") -> Check:
    """The only check about the model `mine`."""
    checks = [
        check
        for check in check_all(Settings(home=home, engine=engine), port=0, folder=folder)
        if "mine" in str(check.message) and check.message.code != "counting_works"
    ]
    assert len(checks) == 1
    return checks[0]


@pytest.mark.parametrize("engine", ["openvino", "cvlib"])
def test_a_usable_graph_passes(
    home: Path, tmp_path: Path, own_model: WriteModel, engine: str
) -> None:
    graphs.detector(own_model(), "yolov8")
    check = check_mine(home, tmp_path, engine)
    assert (check.passed, check.message.code) == (True, "model_whole")


def test_a_graph_that_is_not_understood_is_named_with_its_folder(
    home: Path, tmp_path: Path, own_model: WriteModel
) -> None:
    graphs.constant_output(own_model(), (1, 10, 10))
    check = check_mine(home, tmp_path)
    assert (check.passed, check.message.code) == (False, "model_folder_unusable")
    assert str(home / "models" / "mine") in str(check.message)
    assert "1 × 10 × 10" in str(check.message)
    assert check.message.text("es").detail != check.message.text("en").detail


def test_other_faults_of_a_graph_are_named_too(
    home: Path, tmp_path: Path, own_model: WriteModel
) -> None:
    graphs.classifier(own_model('task = "classify"', ["red", "green"]))
    assert "3 classes" in str(check_mine(home, tmp_path).message)
    graphs.classifier(own_model('task = "classify"'), picture=Input(batch=4))
    assert "4 × 3 × 64 × 96" in str(check_mine(home, tmp_path).message)
    (home / "models" / "mine" / "mine.onnx").write_text("<!doctype html>")
    assert "cannot be used" in str(check_mine(home, tmp_path).message)
