"""Counting one picture after another, on this machine or by a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from countlab.cli.picture_sources import PictureSource
from countlab.cli.saved_pictures import SavedPictures
from countlab.errors import CountlabError
from countlab.options import PredictOptions
from countlab.settings import Settings

_SOURCE_CODES = ("client_no_picture_at", "cli_only_folders")


@dataclass(frozen=True)
class Answer:
    """The server's JSON, wherever it was made, and the picture with boxes if that was wanted."""

    result: Mapping[str, Any]
    drawn: bytes = b""


Counter = Callable[[PictureSource, bool], Answer]
"""Counts one picture; with True the answer has the picture with boxes too."""


@dataclass(frozen=True)
class Counted:
    """One picture with its result, or with the reason why there is none."""

    name: str
    result: Mapping[str, Any] | None = None
    error: CountlabError | None = None


def count_picture(source: PictureSource, counter: Counter, saved: SavedPictures | None) -> Counted:
    """What concerns this picture alone is kept with it; other errors would repeat, and end all."""
    try:
        answer = counter(source, saved is not None)
    except CountlabError as error:
        if not error.is_about_picture and error.code not in _SOURCE_CODES:
            raise
        return Counted(source.name, error=error)
    if saved is not None:
        saved.save(source, answer.drawn)
    return Counted(source.name, result=answer.result)


def local_counter(options: PredictOptions, settings: Settings) -> Counter:
    from countlab.inference.pipeline import Pipeline
    from countlab.models.labels import label_for

    pipeline = Pipeline(settings)
    model = pipeline.catalog.find(options.model or settings.default_model)
    if options.object:
        options = replace(options, object=label_for(model, options.object))

    def count(source: PictureSource, draw: bool) -> Answer:
        prediction = pipeline.predict(source.read(), options)
        drawn = prediction.drawn if draw else b""
        return Answer(prediction.as_json(settings.language), drawn)

    return count


def http_counter(url: str, options: PredictOptions, settings: Settings) -> Counter:
    from countlab.client import Client, Upload

    client = Client(url, language=settings.language, api_key=settings.api_key)
    keywords = {**vars(options)}
    label = keywords.pop("object")

    def count(source: PictureSource, draw: bool) -> Answer:
        upload = Upload(Path(source.saved_as).name, source.read())
        result = client.count(upload, label, **keywords).raw
        drawn = client.predict(upload, object=label, **keywords).picture if draw else b""
        return Answer(result, drawn)

    return count
