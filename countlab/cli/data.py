"""The command `data`: the pictures that a lab learns from, fetched or found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import print_error, stdout_console
from countlab.cli.texts import say
from countlab.cli.train import data_folders
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.training.lab_sections import Source


def data(
    lab: Annotated[Path, typer.Argument(help=say("data_lab"))],
) -> None:
    """Fetch a lab's public pictures, or say where to get them.

    Files are accepted only with the SHA-256 that the lab states. A folder that is already at hand
    is used as it is. What has no lasting public address is named with its origin.

    Example: `countlab data labs/digits`
    """
    from countlab.training.lab import read_lab

    settings, missing = Settings.from_environment(), False
    if not (lab / "lab.toml").is_file():
        raise CountlabError("no_such_lab", folder=lab)
    for source in read_lab(lab).data:
        if not source.path:
            continue
        folder = _at_hand(source, settings)
        if folder:
            stdout_console().print(f"{source.path}: {folder}")
        elif source.files:
            stdout_console().print(f"{source.path}: {_fetched(source, settings)}")
        else:
            missing = True
            target = settings.home / "data" / source.path
            print_error(CountlabError("data_by_hand", origin=source.origin, folder=target))
    raise typer.Exit(1 if missing else 0)


def _at_hand(source: Source, settings: Settings) -> Path | None:
    """A folder that holds all that the lab lists, or anything at all where it lists nothing."""
    for parent in data_folders(settings):
        folder = parent / source.path
        if folder.is_dir() and all((folder / str(f["name"])).is_file() for f in source.files):
            return folder
    return None


def _fetched(source: Source, settings: Settings) -> Path:
    from countlab.models.catalog import ModelFile
    from countlab.models.download import download
    from countlab.models.timeouts import Timeouts

    folder = settings.home / "data" / source.path
    folder.mkdir(parents=True, exist_ok=True)
    for entry in source.files:
        file = ModelFile(
            name=str(entry["name"]),
            bytes=entry.get("bytes"),
            sha256=str(entry["sha256"]),
            addresses=tuple(entry["addresses"]),
        )
        if (folder / file.name).is_file():
            continue
        reasons = download(file, folder / file.name, timeouts=Timeouts(), progress=lambda *_: None)
        if reasons:
            raise CountlabError("data_not_fetched", file=file.name, reasons=reasons)
    return folder
