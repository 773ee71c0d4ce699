"""INT8 quantization of a model, installed only when its answers stay close to those in f32.

Two thirds of the pictures calibrate the quantization; the others judge it.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countlab.engines.openvino.int8 import write_int8
from countlab.errors import CountlabError
from countlab.imaging.files import read_bytes
from countlab.imaging.picture import Pixels, read_picture
from countlab.inference.pipeline import Pipeline
from countlab.inference.predictor import Predictor
from countlab.models.catalog import Model, read_catalog
from countlab.models.graph import graph_of
from countlab.system.toml import read_toml
from countlab.system.toml_text import Inline, toml_text

_MIN_PICTURES = 12
_JUDGED_SHARE = 1 / 3
_CONFIDENCE = 0.5
_NOT_KEPT = ("files", "training", "calibration", "outputs", "title_es")
"""Tables of `model.toml` that are about the original's own graph."""


@dataclass(frozen=True)
class Quantized:
    """The installed model, and how its answers to the judged pictures differ from those in f32."""

    model: Model
    calibrated_on: int
    judged_on: int
    same_answers: int
    mean_difference: float
    """Mean over the pictures of the sum over the labels of the absolute count differences; of a
    classifier the share of pictures that it now calls otherwise."""


def quantize(
    model: Model, pictures: Sequence[Path], pipeline: Pipeline, *, max_difference: float
) -> Quantized:
    """Installs `<model>-int8` in the user's models folder, or raises with the difference found."""
    if len(pictures) < _MIN_PICTURES:
        raise CountlabError("too_few_pictures", arrived=len(pictures), needed=_MIN_PICTURES)
    shuffled = random.Random(0).sample(list(pictures), len(pictures))
    judged = shuffled[: round(len(shuffled) * _JUDGED_SHARE)]
    calibration = shuffled[len(judged) :]
    files = pipeline.store.files(model)
    own_models = pipeline.settings.models_folder
    own_models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=own_models) as scratch:
        folder = Path(scratch) / f"{model.name}-int8"
        folder.mkdir()
        predictor = Predictor("openvino", model, files)
        tensors = [predictor.tensor(_pixels(path, pipeline)) for path in calibration]
        graph = graph_of(model, files)
        write_int8(graph, folder / "graph.xml", tensors, classifies=_classifies(model))
        _write_model_toml(model, predictor, folder)
        quantized = _load_model(folder)
        other = Predictor("openvino", quantized, pipeline.store.files(quantized))
        differences = _differences(predictor, other, judged, pipeline, model)
        mean = sum(differences) / len(differences)
        if mean > max_difference:
            raise CountlabError(
                "quantized_classes_worse" if _classifies(model) else "quantized_counts_worse",
                model=model.name,
                arrived=f"{mean:.3f}",
                allowed=f"{max_difference:.3f}",
                judged=len(judged),
            )
        installed = own_models / folder.name
        shutil.rmtree(installed, ignore_errors=True)
        folder.replace(installed)
    return Quantized(
        model=_load_model(installed),
        calibrated_on=len(calibration),
        judged_on=len(judged),
        same_answers=differences.count(0),
        mean_difference=mean,
    )


def _differences(
    original: Predictor,
    quantized: Predictor,
    pictures: Sequence[Path],
    pipeline: Pipeline,
    model: Model,
) -> list[int]:
    """For each picture, the sum over the labels of the absolute count differences.

    A classifier's answer is one class: the difference is 1 where it is another one.
    """
    differences = []
    for path in pictures:
        pixels = _pixels(path, pipeline)
        if _classifies(model):
            first, second = (next(iter(p.classify(pixels).probabilities))
                             for p in (original, quantized))  # fmt: skip
            differences.append(int(first != second))
            continue
        before, after = (
            Counter(found.label for found in p.find(pixels, confidence=_CONFIDENCE, nms=model.nms))
            for p in (original, quantized)
        )
        differences.append((before - after).total() + (after - before).total())
    return differences


def _classifies(model: Model) -> bool:
    return model.task == "classify"


def _write_model_toml(model: Model, predictor: Predictor, folder: Path) -> None:
    """What the original says of itself, and what is different now."""
    shutil.copy(model.labels_file, folder / "labels.names")
    described = model.folder / "model.toml"
    kept: dict[str, Any] = read_toml(described) if described.is_file() else {}
    preprocessing = model.preprocessing
    stated = {
        "resize": preprocessing.resize,
        "crop": preprocessing.crop,
        "scale": preprocessing.scale,
        "mean": list(preprocessing.mean) or None,
        "std": list(preprocessing.std) or None,
        "color": preprocessing.color,
    }
    table = {
        **{name: value for name, value in kept.items() if name not in _NOT_KEPT},
        "name": f"{model.name}-int8",
        "title": f"{model.name} in eight-bit integers",
        "task": model.task,
        "decoder": predictor.decoder_name,
        "labels": "labels.names",
        "nms": model.nms,
        "input": list(predictor.input_size),
        "licence": model.licence,
        "preprocessing": {name: value for name, value in stated.items() if value is not None},
        "files": {
            "graph": Inline(name="graph.xml"),
            "weights": Inline(name="graph.bin"),
        },
    }
    (folder / "model.toml").write_text(toml_text(table), encoding="utf-8")


def _load_model(folder: Path) -> Model:
    return read_catalog(folder.parent).models[folder.name]


def _pixels(path: Path, pipeline: Pipeline) -> Pixels:
    settings = pipeline.settings
    data = read_bytes(path)
    try:
        picture = read_picture(data, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    except CountlabError as error:
        raise CountlabError("unusable_picture", path=path, reason=error) from error
    return picture.pixels
