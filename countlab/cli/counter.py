"""Counting one picture after another, on this machine or by a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countlab.cli.terminal import print_error, stderr_console
from countlab.errors import CountlabError
from countlab.imaging.files import read_bytes
from countlab.options import PredictOptions
from countlab.settings import Settings

Counter = Callable[[Path], Mapping[str, Any]]
"""Counts one picture; the answer has the members of the server's JSON."""

_BAR_FROM = 4  # fewer pictures are counted before a bar could be read


@dataclass(frozen=True)
class Counted:
    """One picture with its result, or with the reason why there is none."""

    name: str
    result: Mapping[str, Any] | None = None
    error: CountlabError | None = None


def count_all(pictures: Sequence[Path], counter: Counter) -> list[Counted]:
    from rich.progress import Progress

    console = stderr_console()
    hidden = len(pictures) < _BAR_FROM or not console.is_terminal
    counted = []
    with Progress(console=console, disable=hidden, transient=True) as bar:
        for picture in bar.track(pictures, description="counting"):
            entry = _count(picture, counter)
            if entry.error:
                print_error(entry.error, about=entry.name)
            counted.append(entry)
    return counted


def _count(picture: Path, counter: Counter) -> Counted:
    try:
        return Counted(str(picture), result=counter(picture))
    except CountlabError as error:
        if not error.is_about_picture:
            raise
        return Counted(str(picture), error=error)


def local_counter(options: PredictOptions, settings: Settings) -> Counter:
    from countlab.inference.pipeline import Pipeline
    from countlab.inference.prediction import check_object

    pipeline = Pipeline(settings)
    model = pipeline.catalog.find(options.model or settings.default_model)
    if options.object:
        check_object(model, options.object)
    return lambda picture: pipeline.predict(read_bytes(picture), options).as_json(settings.language)


def http_counter(url: str, options: PredictOptions, settings: Settings) -> Counter:
    from countlab.client import Client

    client = Client(url, language=settings.language, api_key=settings.api_key)
    keywords = {**vars(options)}
    label = keywords.pop("object")
    return lambda picture: client.count(picture, label, **keywords).raw
