"""A model in eight-bit integers: faster, and kept only when it still counts alike.

Calibrates on some of a folder's pictures and judges on the others, which it has never seen.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countlab.engines import open_engine
from countlab.engines.openvino.engine import graph_of
from countlab.engines.openvino.int8 import write_int8
from countlab.errors import CountlabError
from countlab.imaging.files import read_bytes
from countlab.imaging.picture import Pixels, read_picture
from countlab.inference.pipeline import Pipeline
from countlab.models.catalog import Model, read_catalog

_FEWEST = 12
_JUDGED = 1 / 3
_CONFIDENCE = 0.5


@dataclass(frozen=True)
class Quantized:
    """Where the model is now, and what the judged pictures said of it."""

    model: Model
    calibrated_on: int
    judged_on: int
    same_counts: int
    mean_difference: float
    """By how much a picture's counts, label by label, differ from those in f32."""


def quantize(
    model: Model, pictures: Sequence[Path], pipeline: Pipeline, *, max_difference: float
) -> Quantized:
    """Installs `<model>-int8` among one's own models, or refuses it with what was measured."""
    if len(pictures) < _FEWEST:
        raise CountlabError("too_few_pictures", arrived=len(pictures), needed=_FEWEST)
    chosen = random.Random(0).sample(list(pictures), len(pictures))
    judged = chosen[: round(len(chosen) * _JUDGED)]
    calibrating = chosen[len(judged) :]
    files = pipeline.store.files(model)
    own_models = pipeline.settings.models_folder
    own_models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=own_models) as scratch:
        folder = Path(scratch) / f"{model.name}-int8"
        folder.mkdir()
        graph = graph_of(model, files)
        write_int8(graph, folder / "graph.xml", [_pixels(path, pipeline) for path in calibrating])
        _describe(model, folder)
        differences = _differences(model, _read_back(folder), judged, pipeline)
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
        model=_read_back(installed),
        calibrated_on=len(calibrating),
        judged_on=len(judged),
        same_counts=differences.count(0),
        mean_difference=mean,
    )


def _differences(
    exact: Model, small: Model, pictures: Sequence[Path], pipeline: Pipeline
) -> list[int]:
    """For each picture, how far its counts by label are from those in f32, in all."""
    engines = [
        open_engine("openvino", model, pipeline.store.files(model)) for model in (exact, small)
    ]
    differences = []
    for path in pictures:
        pixels = _pixels(path, pipeline)
        first, second = (
            Counter(
                finding.label
                for finding in engine.find(pixels, confidence=_CONFIDENCE, nms=exact.nms)
            )
            for engine in engines
        )
        differences.append((first - second).total() + (second - first).total())
    return differences


def _describe(model: Model, folder: Path) -> None:
    shutil.copy(model.labels_file, folder / "labels.names")
    width, height = model.input
    (folder / "model.toml").write_text(
        f'name = "{model.name}-int8"\n'
        f'title = "{model.name} in eight-bit integers"\n'
        f'labels = "labels.names"\nnms = {model.nms}\ninput = [{width}, {height}]\n'
        f'licence = "{model.licence}"\n\n'
        '[files]\ngraph = { name = "graph.xml" }\nweights = { name = "graph.bin" }\n',
        encoding="utf-8",
    )


def _read_back(folder: Path) -> Model:
    return read_catalog(folder.parent).models[folder.name]


def _pixels(path: Path, pipeline: Pipeline) -> Pixels:
    settings = pipeline.settings
    data = read_bytes(path)
    try:
        read = read_picture(data, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    except CountlabError as reason:
        raise CountlabError("unusable_picture", path=path, reason=reason) from reason
    return read.pixels
