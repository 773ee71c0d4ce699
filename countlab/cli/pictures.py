"""Which pictures were meant, and counting them one after the other, here or by a server."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countlab.asked import Asked
from countlab.cli.terminal import print_error, stderr_console
from countlab.errors import CountlabError
from countlab.imaging.files import PICTURE_SUFFIXES, read_bytes
from countlab.settings import Settings

Asker = Callable[[Path], dict[str, Any]]
"""Counts one picture; the answer has the members of the server's JSON."""

_BAR_FROM = 4  # fewer pictures are counted before a bar could be read


@dataclass(frozen=True)
class Counted:
    """One picture with its result, or with the reason why there is none."""

    name: str
    result: dict[str, Any] | None = None
    error: CountlabError | None = None


def find_pictures(paths: Sequence[str]) -> tuple[list[Path], list[CountlabError]]:
    """Files as named, a folder's pictures by their endings, patterns for shells that have none."""
    found: dict[Path, None] = {}  # in the order named, each once
    missing = []
    for path in paths:
        if Path(path).is_dir():
            some = [p for p in sorted(Path(path).iterdir()) if p.suffix.lower() in PICTURE_SUFFIXES]
        elif Path(path).exists():
            some = [Path(path)]
        else:
            some = [Path(match) for match in sorted(glob.glob(path, recursive=True))]  # noqa: PTH207
            some = [match for match in some if match.is_file()]
        found.update(dict.fromkeys(some))
        if not some:
            missing.append(CountlabError("no_such_file", path=path))
    return list(found), missing


def count_all(pictures: Sequence[Path], ask: Asker) -> list[Counted]:
    from rich.progress import Progress

    console = stderr_console()
    hidden = len(pictures) < _BAR_FROM or not console.is_terminal
    counted = []
    with Progress(console=console, disable=hidden, transient=True) as bar:
        for picture in bar.track(pictures, description="counting"):
            one = _count_one(picture, ask)
            if one.error:
                print_error(one.error, about=one.name)
            counted.append(one)
    return counted


def _count_one(picture: Path, ask: Asker) -> Counted:
    try:
        return Counted(str(picture), result=ask(picture))
    except CountlabError as error:
        if not error.is_about_picture:
            raise
        return Counted(str(picture), error=error)


def locally(asked: Asked, object: str | None, settings: Settings) -> Asker:
    from countlab.inference.pipeline import Pipeline
    from countlab.inference.prediction import check_object

    pipeline = Pipeline(settings)
    model = pipeline.catalog.find(asked.get("model") or settings.default_model)
    if object:
        check_object(model, object)

    def ask(picture: Path) -> dict[str, Any]:
        found = pipeline.predict(read_bytes(picture), **asked)
        wanted = found.of(object) if object else found
        return wanted.as_json(settings.language)

    return ask


def over_http(url: str, asked: Asked, object: str | None, settings: Settings) -> Asker:
    from countlab.client.client import Client

    client = Client(url, language=settings.language, api_key=settings.api_key)
    return lambda picture: dict(client.count(picture, object, **asked).raw)
