"""Registered models for tests: the digits classifier and variants of it, in a registry on disk."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from countlab.evaluation.publication import prepare_version
from countlab.inference.pipeline import Pipeline
from countlab.models.registered_version import Version
from countlab.models.registry import Registry
from countlab.settings import Settings
from countlab.system.toml import read_toml
from tests.conftest import ROOT

DIGITS = ROOT / "countlab" / "models" / "data" / "digits"
Publish = Callable[..., Version]


def variant(folder: Path, *, prefix: str = "", noise: float = 0.0, name: str = "numbers") -> Path:
    """The digits model under another name: other labels, other weights, other hashes."""
    folder.mkdir(parents=True)
    labels = [f"{prefix}{label}" for label in (DIGITS / "labels.txt").read_text().split()]
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in labels))
    graph = onnx.load(DIGITS / "graph.onnx")
    random = np.random.default_rng(1)
    for weights in graph.graph.initializer:
        values = numpy_helper.to_array(weights)
        if noise and values.dtype.kind == "f" and values.ndim > 1:
            shaken = values + noise * values.std() * random.standard_normal(values.shape)
            weights.CopyFrom(numpy_helper.from_array(shaken.astype(values.dtype), weights.name))
    graph.doc_string = f"{prefix} {noise}"  # so that the bytes differ too
    onnx.save(graph, folder / "graph.onnx")
    text = (DIGITS / "model.toml").read_text()
    described = read_toml(DIGITS / "model.toml")
    for file in described["files"].values():
        data = (folder / file["name"]).read_bytes()
        text = text.replace(str(file["sha256"]), hashlib.sha256(data).hexdigest())
        text = text.replace(f'{file["name"]}", bytes = {file["bytes"]}',
                            f'{file["name"]}", bytes = {len(data)}')  # fmt: skip
    (folder / "model.toml").write_text(text.replace('name = "digits"', f'name = "{name}"', 1))
    return folder


def digit_pictures(folder: Path, *, each: int = 3, prefix: str = "") -> Path:
    """Digits drawn with a pen, a folder a class: what judges."""
    random = np.random.default_rng(7)
    fonts = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
    for digit in range(10):
        place = folder / f"{prefix}{digit}"
        place.mkdir(parents=True)
        for number in range(each):
            pixels = np.full((120, 120, 3), 250, np.uint8)
            at = (34 + int(random.integers(-6, 6)), 88 + int(random.integers(-6, 6)))
            font, scale = fonts[number % len(fonts)], 2.4 + 0.3 * random.random()
            cv2.putText(pixels, str(digit), at, font, scale, (40, 40, 40), 6, cv2.LINE_AA)
            cv2.imwrite(str(place / f"{number}.png"), pixels)
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))  # MLflow's own code warns


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of MLflow, made once: that takes longer than what is tested."""
    pytest.importorskip("mlflow", reason="needs countlab[track] (make test-stack)")
    home = tmp_path_factory.mktemp("empty")
    assert Registry(Settings(home=home)).names() == []
    return home / "mlflow" / "mlflow.sqlite"


@pytest.fixture
def settings(home: Path, empty_store: Path) -> Settings:
    (home / "mlflow").mkdir(parents=True)
    shutil.copy(empty_store, home / "mlflow" / "mlflow.sqlite")
    return Settings(home=home)


@pytest.fixture
def registry(settings: Settings) -> Registry:
    return Registry(settings)


@pytest.fixture
def publish(registry: Registry, tmp_path: Path) -> Publish:
    """Publishes a variant of the digits model as `numbers`."""
    made = 0

    def publish_one(*, data: Path | None = None, **changes: object) -> Version:
        nonlocal made
        made += 1
        place = tmp_path / f"made{made}"
        folder = variant(place / "home" / "models" / "numbers", **changes)  # type: ignore[arg-type]
        target = place / "version"
        target.mkdir()
        pipeline = Pipeline(Settings(home=place / "home"))
        prepare_version(pipeline, "numbers", target, data=data)
        version = registry.publish("numbers", target, task="classify", tags={})
        shutil.rmtree(target)
        assert folder.is_dir()
        return version

    return publish_one
