"""The command `publish`: a model becomes a numbered version in the registry."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import note, progress_bar
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.inference.pipeline import Pipeline


def publish(
    model: Annotated[str, typer.Argument(help=say("publish_model"))],
    data: Annotated[Path | None, typer.Option(help=say("publish_data"))] = None,
    name: Annotated[str | None, typer.Option(help=say("publish_name"))] = None,
) -> None:
    """Put a trained model into the registry, as its next version."""
    from countlab.models.registry import Registry

    settings = Settings.from_environment()
    if data is not None and not data.is_dir():
        raise CountlabError("no_such_file", path=data)
    with tempfile.TemporaryDirectory() as place:
        pipeline, found = _model_to_publish(model, settings, Path(place))
        target = Path(place) / "version"
        target.mkdir()
        _prepare(pipeline, found, target, data)
        task = pipeline.catalog.find(found).task
        tags = _tags(pipeline.catalog.find(found).folder)
        version = Registry(settings).publish(name or found, target, task=task, tags=tags)
    note(say("published", model=version.name, version=version.number))
    print(version.number)


def _model_to_publish(model: str, settings: Settings, place: Path) -> tuple[Pipeline, str]:
    """A name of the catalog, or a model's folder wherever it is."""
    from dataclasses import replace

    from countlab.inference.pipeline import Pipeline
    from countlab.models.entry import read_entry

    folder = Path(model)
    if not (folder / "model.toml").is_file():
        return Pipeline(settings), model
    home = place / "home"
    found = read_entry(folder / "model.toml", "own").name
    (home / "models").mkdir(parents=True)
    (home / "models" / found).symlink_to(folder.resolve(), target_is_directory=True)
    return Pipeline(replace(settings, home=home)), found


def _prepare(pipeline: Pipeline, found: str, target: Path, data: Path | None) -> None:
    from countlab.evaluation.publication import prepare_version

    with progress_bar() as bar:
        task = bar.add_task(found, total=None)
        prepare_version(pipeline, found, target, data=data, on_progress=lambda: bar.advance(task))


def _tags(folder: Path) -> dict[str, str]:
    """The run that trained it, if that was tracked."""
    from countlab.training.tracking import tracked_run

    run_id = tracked_run(folder)
    return {"countlab.run_id": run_id} if run_id else {}
