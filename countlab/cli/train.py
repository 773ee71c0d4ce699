"""The command `train`: a lab's folder, or a folder of one's own pictures, becomes a model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countlab.cli.terminal import stderr_console, stdout_console
from countlab.cli.texts import say, words
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.training.lab_sections import Source
    from countlab.training.loop import Progress


def train(
    lab: Annotated[Path, typer.Argument(help=say("train_lab"))],
    data: Annotated[Path | None, typer.Option(help=say("train_data"))] = None,
    out: Annotated[
        Path | None,
        typer.Option(help=say("train_out")),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help=say("train_seed"))] = 1,
    epochs: Annotated[int | None, typer.Option(min=1, help=say("train_epochs"))] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help=say("train_fresh"))] = False,
    quick: Annotated[bool, typer.Option("--quick", help=say("train_quick"))] = False,
    track: Annotated[str | None, typer.Option(help=say("train_track"))] = None,
    feedback: Annotated[bool, typer.Option("--feedback", help=say("train_feedback"))] = False,
) -> None:
    """Train an image classifier from a folder of pictures.

    Draws its curve in `training/curve.svg` as it learns, keeps a checkpoint (Ctrl-C, then the same
    command, ends as if nothing had happened), judges itself on pictures held back, and leaves a
    folder that `countlab serve` serves at once.

    Examples:

    - `countlab train labs/weather`
    - `countlab train labs/birds --data photos` with folders `photos/robin`, `photos/wren`, …
    """
    training = training_package()
    settings = Settings.from_environment()
    target = out or settings.models_folder / lab.resolve().name
    tracking = None
    if track:
        from countlab.cli.track import begin_tracking
        from countlab.training.runs import lab_for

        shape = lab_for(lab, data=data, quick=quick, epochs=epochs)
        tracking = begin_tracking(track, settings, shape, target, seed=seed, resume=not fresh)
    try:
        with progress_report() as report, tracking.ended_with() if tracking else nullcontext():
            model = training.train(
                lab,
                data=data,
                out=target,
                resume=not fresh,
                seed=seed,
                quick=quick,
                report=tracking.report(report) if tracking else report,
                folders=data_folders(settings),
                epochs=epochs,
                more=_reviewed_feedback(lab, settings) if feedback else (),
            )
    except KeyboardInterrupt:
        stderr_console().print(say("train_stopped"))
        raise typer.Exit(130) from None
    if tracking:
        from countlab.cli.track import end_tracking

        end_tracking(tracking, model)
    print_evaluation(model.evaluation)
    minutes = f"{model.seconds / 60:.1f}"
    stdout_console().print(say("trained", model=model.name, folder=target, minutes=minutes))


def _reviewed_feedback(lab: Path, settings: Settings) -> tuple[Source, ...]:
    """What people on the page said was wrong, and a reviewer has looked at."""
    from countlab.datasets.labels import is_dataset
    from countlab.training.lab import read_lab
    from countlab.training.lab_sections import Source

    folder = settings.home / "feedback" / read_lab(lab).name
    if not is_dataset(folder):
        raise CountlabError("no_feedback", folder=folder)
    return (Source("dataset", str(folder.resolve()), confidence=1.0),)


def training_package() -> Any:
    """The training package; without torch the error names the extra that brings it."""
    import torch  # noqa: F401

    import countlab.training

    return countlab.training


def data_folders(settings: Settings) -> list[Path]:
    """Where labs' pictures are looked for: fetched ones first, then a folder beside the project."""
    return [settings.home / "data", Path("../shared/data")]


class progress_report:  # noqa: N801 - used like a function
    """A bar that moves with every step, and one line for each epoch."""

    def __enter__(self) -> Callable[[Progress], None]:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        console = stderr_console()
        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, Any] = {}
        self._bar.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _tell(self, progress: Progress) -> None:
        if progress.stage not in self._tasks:
            stage = say(f"train_stage_{progress.stage.replace('-', '_')}")
            task = self._bar.add_task(stage, total=progress.steps)
            self._tasks[progress.stage] = task
        self._bar.update(self._tasks[progress.stage], completed=progress.step)
        if figures := progress.figures:
            stderr_console().print(
                say(
                    "train_epoch",
                    epoch=progress.epoch,
                    epochs=progress.epochs,
                    loss=f"{figures['loss']:.3f}",
                    validation=f"{figures['validation_loss']:.3f}",
                    right=f"{figures['validation_accuracy']:.1%}",
                    seconds=f"{progress.seconds:.0f}",
                )
            )


def print_evaluation(evaluation: dict[str, Any]) -> None:
    """One row for each set that judged."""
    from rich.table import Table

    table = Table(*words("train_columns"), box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, figures in evaluation["sets"].items():
        low, high = figures["accuracy_interval"]
        table.add_row(
            name,
            f"{figures['pictures']:,}",
            f"{figures['accuracy']:.1%}",
            f"{low:.1%} – {high:.1%}",
            f"{figures['calibration_error']:.3f}",
        )
    stdout_console().print(table)
    for name, figures in evaluation["unlike"].items():
        share = f"{figures['called_unfamiliar']:.0%}"
        stdout_console().print(say("train_unlike", name=name, share=share))
