"""The command `promote`: a version becomes the champion, if it comes through the gate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.options import typer_option
from countlab.cli.terminal import note, progress_bar, stdout_console
from countlab.cli.texts import error_text, say
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.promotion import JudgingPictures
    from countlab.models.entry import Model
    from countlab.models.registered_version import Version
    from countlab.models.registry import Registry
    from countlab.system.versions import Check


def promote(
    model: Annotated[str, typer.Argument(help=say("registered_model"))],
    version: Annotated[str, typer.Argument(help=say("promote_version"))],
    data: Annotated[Path, typer.Option(help=say("promote_data"))],
    margin: Annotated[float, typer.Option(min=0, help=say("promote_margin"))] = 0.01,
    within_ms: Annotated[float, typer.Option(min=1, help=say("promote_within"))] = 500,
    engine: Annotated[str | None, typer_option("engine")] = None,
) -> None:
    """Make a version the champion that servers follow, if it comes through the gate."""
    from countlab.models.followed import CHAMPION
    from countlab.models.registry import Registry

    settings = Settings.from_environment()
    registry = Registry(settings)
    candidate = registry.version(model, version)
    champion = registry.at(model, CHAMPION)
    if champion is not None and champion.number == candidate.number:
        note(say("promote_is_champion", model=model, version=version))
        return
    settings = replace(settings, engine=engine or settings.engine)
    checks = _checks(registry, settings, candidate, champion, data, margin, within_ms)
    print_checks(checks)
    if not all(check.passed for check in checks):
        note(say("promote_refused", model=model, version=version))
        raise typer.Exit(1)
    registry.promote(candidate, instead_of=champion)
    note(say("promoted", model=model, version=version))


def _checks(
    registry: Registry,
    settings: Settings,
    candidate: Version,
    champion: Version | None,
    data: Path,
    margin: float,
    within_ms: float,
) -> tuple[Check, ...]:
    """Both versions are opened as a server opens them, in a home of their own."""
    from countlab.evaluation.promotion import gate
    from countlab.inference.pipeline import Pipeline
    from countlab.models.version_folder import link

    with TemporaryDirectory() as place, progress_bar() as bar:
        home = Path(place)
        for version, alias in ((candidate, "candidate"), (champion, "champion")):
            if version is not None:
                models = home / "models"
                link(models, alias, registry.download(version, models))
        pipeline = Pipeline(replace(settings, home=home), guarded=True)
        found = [pipeline.catalog.find("candidate")]
        found += [pipeline.catalog.find("champion")] if champion else []
        pictures = _judging(data, found)
        total = len(pictures) * len(found)
        task = bar.add_task(f"{candidate.name} {candidate.number}", total=total)
        return gate(
            pipeline,
            "candidate",
            "champion" if champion else None,
            pictures=pictures,
            margin=margin,
            within_ms=within_ms,
            on_progress=lambda: bar.advance(task),
        )


def _judging(data: Path, models: list[Model]) -> JudgingPictures:
    """Pictures of known class, of a dataset or of a folder for each class; or counted ones."""
    from countlab.datasets.judging import labelled_pictures
    from countlab.datasets.labels import is_dataset
    from countlab.evaluation.class_truth import read_class_folders
    from countlab.evaluation.truth import read_truth

    if models[0].task != "classify":
        return read_truth(data, None)
    read = labelled_pictures if is_dataset(data) else read_class_folders
    return read(data, list(dict.fromkeys(label for model in models for label in model.labels)))


def print_checks(checks: tuple[Check, ...]) -> None:
    from rich.text import Text

    for check in checks:
        mark = ("✓", "green") if check.passed else ("✗", "red")
        detail, fix = error_text(check.message)
        text = Text.assemble(mark, f" {detail}", f" {fix}" if not check.passed else "")
        stdout_console().print(text, soft_wrap=True)
