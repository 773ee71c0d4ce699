"""The count at every confidence from one pass: the same as asking at each confidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import requests

from countlab.client.client import Client, ServerRefused
from countlab.findings import Box, Finding
from countlab.imaging.picture import Picture
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.inference.sweep import Stretch, Sweep
from countlab.models.catalog import read_catalog
from countlab.notebook import Server
from countlab.options import PredictOptions
from countlab.settings import Settings


def swept(confidences: Sequence[float], *, floor: float = 0.2) -> Sweep:
    """A sweep over oranges found with these confidences."""
    return Sweep(
        Prediction(
            picture=Picture(np.zeros((90, 120, 3), np.uint8), "PNG"),
            findings=tuple(Finding("orange", sure, Box(10, 10, 30, 30)) for sure in confidences),
            model=read_catalog(Settings().models_folder).find("fruits"),
            engine="none",
            precision="f32",
            floor=floor,
            options=PredictOptions(confidence=floor, nms=0.45),
            milliseconds={},
        )
    )


@pytest.mark.slow
def test_each_step_is_what_a_separate_request_counts(server: Server, photo: bytes) -> None:
    client = Client(server.url)
    everything, oranges = client.sweep(photo), client.sweep(photo, "orange")
    assert everything.confidences == tuple(hundredths / 100 for hundredths in range(20, 100))
    assert len(set(everything.counts)) > 3, "the picture of the exercise has a curve"
    for at, count, counts in zip(
        everything.confidences, everything.counts, everything.counts_by_label, strict=True
    ):
        alone = client.count(photo, confidence=at)
        assert (count, counts) == (alone.count, alone.counts), at
        assert oranges.counts[round(at * 100) - 20] == alone.counts.get("orange", 0)


def test_the_pass_tells_all_that_was_found_and_who_found_it(server: Server, photo: bytes) -> None:
    told = Client(server.url).sweep(photo, "orange", model="fruits", nms=0.3).raw
    prediction = Pipeline().predict(photo, PredictOptions(model="fruits", nms=0.3, confidence=0.2))
    alone = {"object": "orange", **prediction.of("orange").as_json()}
    assert told["findings"] == alone["findings"]
    for name in ("object", "model", "engine", "precision", "nms", "width", "height"):
        assert told[name] == alone[name]
    assert "confidence" not in told
    assert all(set(step["counts"]) <= {"orange"} for step in told["steps"])


@pytest.mark.parametrize(
    ("confidences", "stable"),
    [
        ([0.9, 0.8, 0.3], Stretch(0.30, 0.79, 2)),  # 0.30 itself is not surer than 0.30
        ([0.25, 0.24], Stretch(0.20, 0.23, 2)),  # not the empty stretch at the end
        ([0.9, 0.6, 0.6, 0.55], Stretch(0.20, 0.54, 4)),
        ([0.21, 0.22, 0.23, 0.6, 0.61, 0.62, 0.99], Stretch(0.23, 0.59, 4)),  # nor the surest alone
        ([], Stretch(0.20, 0.99, 0)),
        ([1.0], Stretch(0.20, 0.99, 1)),
    ],
)
def test_the_stable_stretch_is_the_longest_with_one_count(
    confidences: list[float], stable: Stretch
) -> None:
    assert swept(confidences).stable == stable


@pytest.mark.parametrize(
    ("confidences", "steady"),
    [
        ([0.9, 0.8, 0.3], True),
        ([1.0], True),
        ([], False),  # an empty picture has no count to recommend
        ([0.4, 0.45], False),  # what the default confidence does not count
        ([0.2 + step / 50 for step in range(40)], False),  # a heap: no count holds
        ([0.95, *(0.2 + step / 50 for step in range(25))], False),
    ],
)
def test_only_a_count_that_holds_is_recommended(confidences: list[float], steady: bool) -> None:
    answer = swept(confidences).as_json()
    assert answer["steady"] == steady
    assert (answer["stable"]["count"] > 0) == bool(confidences)


def test_the_steps_begin_where_the_engine_begins() -> None:
    assert swept([], floor=0.07).steps[0].confidence == 0.07
    assert swept([], floor=0.005).steps[0].confidence == 0.01
    assert swept([]).steps[-1].confidence == 0.99


def test_the_warnings_are_about_the_stable_count() -> None:
    unsure = {warning["code"] for warning in swept([0.21, 0.9]).as_json()["warnings"]}
    assert unsure == set(), "what is near the floor does not shake a count that holds from 0.21"
    is_concurrent = swept([0.2 + step / 50 for step in range(40)])
    assert [warning["code"] for warning in is_concurrent.as_json()["warnings"]] == ["unsure"]


def test_a_confidence_is_refused_where_all_are_answered(server: Server, photo: bytes) -> None:
    answer = requests.post(f"{server.url}/sweep?confidence=0.5", files={"file": photo}, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")
    with pytest.raises(ServerRefused) as refused:
        Client(server.url).sweep(photo, "oranje")
    assert refused.value.code == "unknown_object"


def test_docs_show_an_example_of_what_really_comes(server: Server, photo: bytes) -> None:
    document = requests.get(f"{server.url}/openapi.json", timeout=30).json()
    operation = document["paths"]["/sweep"]["post"]
    answer = operation["responses"]["200"]["content"]["application/json"]
    told = Client(server.url).sweep(photo, "orange").raw
    assert set(answer["example"]) <= set(told)
    assert set(answer["example"]["stable"]) == set(told["stable"])
    assert set(answer["example"]["steps"][0]) == set(told["steps"][0])
    tiles = next(asked for asked in operation["parameters"] if asked["name"] == "tiles")
    assert tiles["schema"]["enum"][:3] == ["off", "auto", "2"]
