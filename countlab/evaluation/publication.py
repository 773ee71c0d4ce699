"""A model made ready for the registry: its files, its checks and its profile in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from countlab.imaging.files import PICTURE_SUFFIXES, read_bytes
from countlab.inference.pipeline import Pipeline
from countlab.inference.prediction import Prediction
from countlab.inference.version_check import KEPT_PICTURES, write_checks
from countlab.models.answer_profile import (
    PROFILE,
    UNFAMILIAR,
    Answer,
    profile_of,
    write_profile,
)
from countlab.models.catalog import Model
from countlab.models.error_profile import ErrorProfile, load_error_profile, save_error_profile
from countlab.options import PredictOptions

_BESIDE = ("card.md", "README.md", "evaluation.json", "curve.svg", PROFILE)
_PROFILED = 500  # pictures: more would not make the profile surer than the day's are


def prepare_version(
    pipeline: Pipeline,
    name: str,
    target: Path,
    *,
    data: Path | None = None,
    on_progress: Callable[[], object] = lambda: None,
) -> None:
    """Fills `target`; `data` are pictures such as it will be asked of, with or without labels."""
    model = pipeline.catalog.find(name)
    opened = pipeline.open(PredictOptions(model=name), wait=True)
    for path in _files(model):
        shutil.copyfile(path, target / path.name)
    if profile := load_error_profile(model, opened.predictor.precision, pipeline.settings.home):
        _copy_error_profile(model, profile, target)
    pictures = spread(pictures_in(data), _PROFILED) if data else []
    kept = [read_bytes(path) for path in spread(pictures, KEPT_PICTURES)]
    write_checks(opened.predictor, model, kept, target)
    if pictures:
        answers = []
        for path in pictures:
            answers.append(
                answer_of(pipeline.predict(read_bytes(path), PredictOptions(model=name)))
            )
            on_progress()
        write_profile(target, profile_of(answers, measured_on=f"{len(answers)} pictures of {data}"))


def answer_of(prediction: Prediction) -> Answer:
    warnings = {warning.code for warning in prediction.warnings}
    counts: dict[str, int] = {}
    for finding in prediction.findings:
        counts[finding.label] = counts.get(finding.label, 0) + 1
    return Answer(counts, prediction.mean_confidence, UNFAMILIAR in warnings)


def pictures_in(folder: Path) -> list[Path]:
    """Those of a folder, and of all folders below it."""
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURE_SUFFIXES]


def spread(pictures: Sequence[Path], number: int) -> list[Path]:
    """So many, from all over the list."""
    if len(pictures) <= number:
        return list(pictures)
    return [pictures[at * len(pictures) // number] for at in range(number)]


def _files(model: Model) -> list[Path]:
    """What makes the model, and what tells about it."""
    named = [model.folder / "model.toml", model.labels_file]
    named += [model.folder / file.name for file in model.files.values()]
    beside = [model.folder / name for name in _BESIDE if (model.folder / name).is_file()]
    return list(dict.fromkeys([*named, *beside]))


def _copy_error_profile(model: Model, profile: ErrorProfile, target: Path) -> None:
    there = replace(model, folder=target, origin="own")
    save_error_profile(profile, there, target)
