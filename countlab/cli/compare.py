"""The command `compare`: two engines, the same pictures, what differs."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.early_checks import check_names
from countlab.cli.terminal import print_error, progress_bar, stdout_console
from countlab.cli.texts import say, words
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.agreement import EngineComparison
    from countlab.inference.pipeline import Pipeline


def compare(
    first: Annotated[str, typer.Argument(help=say("compare_first"))],
    second: Annotated[str, typer.Argument(help=say("compare_second"))],
    paths: Annotated[list[str], typer.Argument(help=say("paths"))],
    model: Annotated[list[str] | None, typer.Option(help=say("models_repeated"))] = None,
    confidence: Annotated[float, typer.Option(min=0, max=1, help=say("compare_confidence"))] = 0.3,
) -> None:
    """Hold two engines against each other: labels, counts, boxes, confidences, time."""
    settings = Settings.from_environment()
    check_names(settings, engines=[first, second], models=model or [None])
    from countlab.imaging.files import find_pictures
    from countlab.inference.pipeline import Pipeline

    pictures, failures = find_pictures(paths)
    pipeline = Pipeline(settings)
    comparisons = [
        comparison
        for name in model or [settings.default_model]
        for comparison in _compare_all(
            pictures, pipeline, (first, second), name, confidence, failures
        )
    ]
    for failure in failures:
        print_error(failure)
    if comparisons:
        _print(comparisons, first, second)
    same = all(comparison.difference.within_tolerance for comparison in comparisons)
    raise typer.Exit(0 if same and not failures else 1)


def _compare_all(
    pictures: list[Path],
    pipeline: Pipeline,
    engines: tuple[str, str],
    model: str,
    confidence: float,
    failures: list[CountlabError],
) -> list[EngineComparison]:
    from countlab.evaluation.agreement import compare_engines

    comparisons = []
    with progress_bar() as bar:
        for path in bar.track(pictures, description=say("comparing", model=model)):
            try:
                comparisons.append(
                    compare_engines(path, pipeline, engines, model=model, confidence=confidence)
                )
            except CountlabError as error:
                if not error.is_about_picture:
                    raise
                failures.append(error)
    return comparisons


def _print(comparisons: list[EngineComparison], first: str, second: str) -> None:
    from rich.table import Table

    model, picture, pixels, confidence = words("compare_columns")
    table = Table(model, picture, first, second, pixels, confidence, box=None)
    for column in table.columns[2:]:
        column.justify = "right"
    for comparison in comparisons:
        if not comparison.difference.within_tolerance:
            counts = [str(prediction.count) for prediction in comparison.predictions]
            difference = comparison.difference
            far = f"{difference.box_px}", f"{difference.confidence:.1e}"
            table.add_row(_model_of(comparison), comparison.name, *counts, *far)
    if table.row_count:
        stdout_console().print(table)
        print()
    for name in dict.fromkeys(map(_model_of, comparisons)):
        of_model = [comparison for comparison in comparisons if _model_of(comparison) == name]
        print(_summary(name, of_model, first, second))


def _model_of(comparison: EngineComparison) -> str:
    return comparison.predictions[0].model.name


def _summary(model: str, comparisons: list[EngineComparison], first: str, second: str) -> str:
    """One line for a model: how many pictures agree, how far the rest goes, how long each took."""
    differences = [comparison.difference for comparison in comparisons]
    spent = [
        median(comparison.predictions[i].milliseconds["find"] for comparison in comparisons)
        for i in (0, 1)
    ]
    return say(
        "compare_summary",
        model=model,
        same=sum(difference.within_tolerance for difference in differences),
        pictures=len(comparisons),
        boxes=sum(comparison.predictions[0].count for comparison in comparisons),
        same_counts=sum(difference.same_counts for difference in differences),
        pixels=max(difference.box_px for difference in differences),
        confidence=f"{max(difference.confidence for difference in differences):.1e}",
        first=f"{first} {spent[0]:.1f}",
        second=f"{second} {spent[1]:.1f}",
    )
