"""INT8 quantization of a model, installed only when its counts stay close to those in f32.

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

from countlab.engines.openvino.int8 import write_int8
from countlab.errors import CountlabError
from countlab.imaging.files import read_bytes
from countlab.imaging.picture import Pixels, read_picture
from countlab.inference.pipeline import Pipeline
from countlab.inference.predictor import Predictor
from countlab.models.catalog import Model, read_catalog
from countlab.models.graph import graph_of

_MIN_PICTURES = 12
_JUDGED_SHARE = 1 / 3
_CONFIDENCE = 0.5


@dataclass(frozen=True)
class Quantized:
    """The installed model, and how its counts on the judged pictures differ from those in f32."""

    model: Model
    calibrated_on: int
    judged_on: int
    same_counts: int
    mean_difference: float
    """Mean over the pictures of the sum over the labels of the absolute count differences."""


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
        write_int8(graph_of(model, files), folder / "graph.xml", tensors)
        _write_model_toml(model, predictor, folder)
        quantized = _load_model(folder)
        other = Predictor("openvino", quantized, pipeline.store.files(quantized))
        differences = _differences(predictor, other, judged, pipeline, nms=model.nms)
        mean = sum(differences) / len(differences)
        if mean > max_difference:
            raise CountlabError(
                "quantized_counts_worse",
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
        same_counts=differences.count(0),
        mean_difference=mean,
    )


def _differences(
    original: Predictor,
    quantized: Predictor,
    pictures: Sequence[Path],
    pipeline: Pipeline,
    *,
    nms: float,
) -> list[int]:
    """For each picture, the sum over the labels of the absolute count differences."""
    differences = []
    for path in pictures:
        pixels = _pixels(path, pipeline)
        first, second = (
            Counter(
                finding.label for finding in predictor.find(pixels, confidence=_CONFIDENCE, nms=nms)
            )
            for predictor in (original, quantized)
        )
        differences.append((first - second).total() + (second - first).total())
    return differences


def _write_model_toml(model: Model, predictor: Predictor, folder: Path) -> None:
    shutil.copy(model.labels_file, folder / "labels.names")
    width, height = predictor.input_size
    preprocessing = model.preprocessing
    stated = {
        "resize": preprocessing.resize and f'"{preprocessing.resize}"',
        "scale": preprocessing.scale,
        "mean": list(preprocessing.mean) or None,
        "std": list(preprocessing.std) or None,
        "color": f'"{preprocessing.color}"',
    }
    lines = "\n".join(f"{name} = {value}" for name, value in stated.items() if value is not None)
    (folder / "model.toml").write_text(
        f'name = "{model.name}-int8"\n'
        f'title = "{model.name} in eight-bit integers"\n'
        f'task = "{model.task}"\ndecoder = "{predictor.decoder_name}"\n'
        f'labels = "labels.names"\nnms = {model.nms}\ninput = [{width}, {height}]\n'
        f'licence = "{model.licence}"\n\n[preprocessing]\n{lines}\n\n'
        '[files]\ngraph = { name = "graph.xml" }\nweights = { name = "graph.bin" }\n',
        encoding="utf-8",
    )


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
