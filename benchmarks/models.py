"""The models that are measured, and a home folder in which every server finds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.random_models import random_model
from countlab.models.catalog import Model, read_catalog
from countlab.models.store import Store

_CVLIB_KNOWS = ("yolov3", "yolov3-tiny", "yolov4", "yolov4-tiny")


@dataclass(frozen=True)
class Measured:
    """One model with its files; `weights` says in every table whether they mean anything."""

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
        """What the classic lab calls it: cvlib takes four names, whatever the files hold."""
        return self.name if self.name in _CVLIB_KNOWS else "yolov3-tiny"


def measured(name: str, home: Path) -> Measured:
    """A built-in model, or a published one's architecture with random weights, made once."""
    if name in _CVLIB_KNOWS:
        random_model(name, home / "models")
    model = read_catalog(home / "models").find(name)
    return Measured(model, Store().files(model), home)


def lay_out_for_cvlib(measured: Measured, folder: Path) -> None:
    """The files under the names by which cvlib looks for them."""
    for role, ending in (("config", "cfg"), ("weights", "weights")):
        (folder / f"{measured.classic_name}.{ending}").symlink_to(measured.files[role].resolve())
    (folder / "yolov3_classes.txt").symlink_to(measured.model.labels_file.resolve())
