"""The command `evaluate`: counts or classes against truth; a table, JSON or a page out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.early_checks import check_names
from countlab.cli.evaluate_classes import evaluate_classes, is_about_classes
from countlab.cli.evaluation_results import (
    increase_against,
    print_increase,
    print_json,
    print_tables,
    save_profile,
    write_page,
)
from countlab.cli.label_names import label_meant
from countlab.cli.options import typer_option
from countlab.cli.terminal import note, print_error, progress_bar
from countlab.cli.texts import say
from countlab.options import PredictOptions
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.ground_truth import GroundTruth
    from countlab.evaluation.run import EvaluationRun
    from countlab.evaluation.summary import EvaluationSummary
    from countlab.inference.pipeline import Pipeline


def evaluate(
    folder: Annotated[Path, typer.Argument(help=say("evaluate_folder"))],
    truth: Annotated[Path | None, typer.Option(help=say("evaluate_truth"))] = None,
    model: Annotated[list[str] | None, typer.Option(help=say("models_repeated"))] = None,
    engine: Annotated[list[str] | None, typer.Option(help=say("engines_repeated"))] = None,
    object: Annotated[list[str] | None, typer.Option(help=say("evaluate_object"))] = None,
    confidence: Annotated[
        float, typer.Option(min=0.2, max=1, help=say("evaluate_confidence"))
    ] = 0.5,
    nms: Annotated[float | None, typer_option("nms")] = None,
    tiles: Annotated[str, typer_option("tiles")] = "off",
    names: Annotated[Path | None, typer.Option(help=say("evaluate_names"))] = None,
    json: Annotated[bool, typer.Option("--json", help=say("evaluate_json"))] = False,
    html: Annotated[Path | None, typer.Option(help=say("evaluate_html"))] = None,
    save: Annotated[bool, typer.Option("--save", help=say("evaluate_save"))] = False,
    measured_on: Annotated[str | None, typer.Option(help=say("evaluate_measured_on"))] = None,
    against: Annotated[str | None, typer.Option(help=say("evaluate_against_what"))] = None,
    max_mae_increase: Annotated[float, typer.Option(help=say("evaluate_max_mae_increase"))] = 0.0,
    strict: Annotated[bool, typer.Option("--strict", help=say("evaluate_strict"))] = False,
) -> None:
    """Judge a model's counts, or a classifier's answers, where the truth is known."""
    models: Sequence[str | None] = model or [None]
    engines: Sequence[str | None] = engine or [None]
    settings = Settings.from_environment()
    check_names(settings, engines=engines, models=model or ())
    if against and len(models) * len(engines) > 1:
        raise typer.BadParameter(say("evaluate_one_against"))
    if is_about_classes(folder, models, settings):
        if truth or object or confidence != 0.5 or nms or tiles != "off" or names or save:
            raise typer.BadParameter(say("evaluate_only_counts"))
        evaluate_classes(
            folder, models, engines,
            json=json, html=html, against=against, bound=max_mae_increase, strict=strict,
        )  # fmt: skip
    if save and tiles != "off":
        raise typer.BadParameter(say("evaluate_save_whole"))
    from countlab.evaluation.report import render_report
    from countlab.evaluation.truth import read_truth
    from countlab.inference.pipeline import Pipeline

    objects = [label_meant(word, models[0], settings) for word in object or ()]
    truths = read_truth(folder, truth, objects=objects, names=names)
    pipeline = Pipeline(settings)
    options = [
        PredictOptions(model=m, engine=e, nms=nms, tiles=tiles) for m in models for e in engines
    ]
    judge = partial(_judge, pipeline, truths, confidence=confidence)
    summaries = [judge(each) for each in options]
    increase = increase_against(against, summaries[0], options[0], judge) if against else None
    if json:
        print_json(folder, summaries, increase)
    else:
        print_tables(summaries)
    if html:
        write_page(html, render_report(summaries, folder=folder.name, increase=increase))
    for summary in summaries if save else ():
        save_profile(summary, measured_on or folder.resolve().name, settings)
    worse = print_increase(increase, max_mae_increase, strict) if increase else False
    raise typer.Exit(1 if worse or any(summary.run.errors for summary in summaries) else 0)


def _judge(
    pipeline: Pipeline, truths: tuple[GroundTruth, ...], options: PredictOptions, confidence: float
) -> EvaluationSummary:
    from countlab.evaluation.summary import summarize

    run = _run(pipeline, truths, options)
    for name, error in run.errors:
        print_error(error, about=name)
    if run.not_counted:
        note(say("evaluate_unknown", model=run.model.name, labels=", ".join(run.not_counted)))
    return summarize(run, confidence=confidence)


def _run(
    pipeline: Pipeline, truths: tuple[GroundTruth, ...], options: PredictOptions
) -> EvaluationRun:
    from countlab.evaluation.run import run_evaluation

    with progress_bar() as bar:
        task = bar.add_task(options.model or say("counting"), total=len(truths))
        try:
            return run_evaluation(
                pipeline, truths, on_progress=lambda: bar.advance(task), options=options
            )
        except KeyboardInterrupt:
            bar.stop()
            done = int(bar.tasks[0].completed)
            note(say("stopped_nothing_kept", done=done, of=len(truths)))
            raise typer.Exit(130) from None
