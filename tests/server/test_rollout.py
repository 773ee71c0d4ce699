"""A candidate's share of the pictures, from none to all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from countlab.server.metrics import Metrics
from countlab.server.rollout import Rollout, RolloutPlan, is_chosen
from countlab.settings import Settings
from tests.server.routes.test_classification import BLUE, write_classifier
from tests.tasks import graphs


def test_a_share_chooses_about_so_many_pictures_none_and_all_exactly() -> None:
    pictures = [str(number).encode() for number in range(2000)]
    assert sum(is_chosen(picture, 0.0) for picture in pictures) == 0
    assert sum(is_chosen(picture, 1.0) for picture in pictures) == len(pictures)
    assert 140 < sum(is_chosen(picture, 0.1) for picture in pictures) < 260
    few = {picture for picture in pictures if is_chosen(picture, 0.1)}
    assert few <= {picture for picture in pictures if is_chosen(picture, 0.3)}


@pytest.mark.parametrize(
    ("share", "candidate", "answered", "counted"),
    [
        (0.0, "colors-next", "colors", {}),
        (1.0, "colors-next", "colors-next", {"candidate": 1}),
        (1.0, "absent", "colors", {"stood_in": 1}),
    ],
)
def test_who_answers(
    home: Path, share: float, candidate: str, answered: str, counted: dict[str, int]
) -> None:
    for name in ("colors", "colors-next"):
        write_classifier(home, name, graphs.LABELS)
    metrics = Metrics(lambda: 0)
    pipeline = Pipeline(Settings(home=home, default_model="colors"))
    rollout = Rollout(RolloutPlan("colors", candidate, share=share), pipeline, metrics, lambda: 0)
    assert rollout.predict(BLUE, PredictOptions(model="colors")).model.name == answered
    text = metrics.render().decode()
    lines = [line for line in text.splitlines() if line.startswith("countlab_canary_total")]
    found = {line.split('"')[1]: int(float(line.rpartition(" ")[2])) for line in lines}
    assert found == counted
