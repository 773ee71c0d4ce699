"""`evaluate` of a classifier: a lab's judging pictures, or a folder for each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from countlab.cli.evaluation_results import (
    increase_against,
    print_increase,
    print_json,
    write_page,
)
from countlab.cli.terminal import note, print_error, progress_bar
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.options import PredictOptions
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.class_summary import ClassSummary
    from countlab.evaluation.class_truth import LabelledPicture
    from countlab.inference.pipeline import Pipeline
    from countlab.models.catalog import Model

Sets = Mapping[str, Sequence["LabelledPicture"]]


def is_about_classes(folder: Path, models: Sequence[str | None], settings: Settings) -> bool:
    """A lab, or a model that classifies."""
    from countlab.models.catalog import read_catalog

    if (folder / "lab.toml").is_file():
        return True
    named = [name for name in models if name]
    catalog = read_catalog(settings.models_folder) if named else None
    return any(catalog and catalog.find(name).task == "classify" for name in named)


def evaluate_classes(
    folder: Path,
    models: Sequence[str | None],
    engines: Sequence[str | None],
    *,
    json: bool,
    html: Path | None,
    against: str | None,
    bound: float,
    strict: bool,
) -> None:
    """Exits with 1 where the gate closes or a picture could not be read, as for counts."""
    from countlab.evaluation.class_report import render_class_report
    from countlab.inference.pipeline import Pipeline

    settings = Settings.from_environment()
    pipeline = Pipeline(settings)
    names = [name or _lab_name(folder) for name in models]
    sets = _pictures(folder, pipeline.catalog.find(names[0]), settings)
    options = [PredictOptions(model=name, engine=e) for name in names for e in engines]
    judge = partial(_judge, pipeline, sets)
    summaries = [judge(each) for each in options]
    increase = increase_against(against, summaries[0], options[0], judge) if against else None
    if json:
        print_json(folder, summaries, increase)
    else:
        _print_tables(summaries)
    if html:
        name = folder.resolve().name
        write_page(html, render_class_report(summaries, pipeline, folder=name, increase=increase))
    worse = False
    if increase:
        worse = print_increase(increase, bound, strict, text="evaluate_against_classes")
    raise typer.Exit(1 if worse or any(summary.run.errors for summary in summaries) else 0)


def _lab_name(folder: Path) -> str:
    from countlab.training.lab import read_lab

    return read_lab(folder).name


def _pictures(folder: Path, model: Model, settings: Settings) -> Sets:
    """The sets that judge; what is missing or left out is said."""
    from countlab.cli.train import data_folders
    from countlab.datasets.judging import labelled_pictures
    from countlab.datasets.labels import is_dataset
    from countlab.evaluation.class_truth import read_class_folders
    from countlab.training.judging_pictures import held_back, judging_sets
    from countlab.training.lab import read_lab
    from countlab.training.split import read_split

    parts = read_split(model.folder / "training" / "split.csv")
    if not (folder / "lab.toml").is_file():
        read = labelled_pictures if is_dataset(folder) else read_class_folders
        pictures = read(folder, model.labels)
        kept = held_back(pictures, parts)
        if len(kept) < len(pictures):
            note(say("evaluate_taught", number=len(pictures) - len(kept), model=model.name))
        if not kept:
            raise CountlabError("no_judging_pictures", folder=folder, model=model.name)
        return {folder.resolve().name: kept}
    lab = read_lab(folder)
    sets, missing = judging_sets(
        lab, data_folders(settings), parts or read_split(folder / "split.csv")
    )
    if not sets:
        raise next(iter(missing.values()), CountlabError("no_split", lab=lab.name))
    for name, error in missing.items():
        print_error(error, about=say("evaluate_set_missing", name=name))
    return sets


def _judge(pipeline: Pipeline, sets: Sets, options: PredictOptions) -> ClassSummary:
    from countlab.evaluation.class_run import run_classification
    from countlab.evaluation.class_summary import summarize_classes

    total = sum(map(len, sets.values()))
    with progress_bar() as bar:
        task = bar.add_task(str(options.model), total=total)
        try:
            run = run_classification(
                pipeline, sets, options=options, on_progress=lambda: bar.advance(task)
            )
        except KeyboardInterrupt:
            bar.stop()
            note(say("stopped_nothing_kept", done=int(bar.tasks[0].completed), of=total))
            raise typer.Exit(130) from None
    for name, error in run.errors:
        print_error(error, about=name)
    return summarize_classes(run)


def _print_tables(summaries: Sequence[ClassSummary]) -> None:
    from countlab.cli.class_tables import class_tables, set_table
    from countlab.cli.terminal import stdout_console

    console = stdout_console()
    console.print(set_table(summaries))
    console.print(say("evaluate_classes_legend"), style="dim")
    for summary in summaries:
        for title, tables in class_tables(summary):
            console.print(f"\n{title}", style="bold")
            for table in tables:
                console.print(table)
                console.print()
