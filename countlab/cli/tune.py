"""The command `tune`: which network, which views, and how fast to learn, found by trying."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import stderr_console, stdout_console
from countlab.cli.texts import say, words
from countlab.cli.track import tracked_sweep
from countlab.cli.train import data_folders, progress_report, training_package
from countlab.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from countlab.training.tuning import Trial
    from countlab.training.variants import Result


def tune(
    lab: Annotated[Path, typer.Argument(help=say("train_lab"))],
    data: Annotated[Path | None, typer.Option(help=say("train_data"))] = None,
    out: Annotated[Path | None, typer.Option(help=say("tune_out"))] = None,
    trials: Annotated[int, typer.Option(min=1, help=say("tune_trials"))] = 12,
    compare: Annotated[bool, typer.Option("--compare", help=say("tune_compare"))] = False,
    only: Annotated[str | None, typer.Option(help=say("tune_only"))] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help=say("train_epochs"))] = None,
    seed: Annotated[int, typer.Option(min=0, help=say("train_seed"))] = 1,
    quick: Annotated[bool, typer.Option("--quick", help=say("train_quick"))] = False,
    track: Annotated[str | None, typer.Option(help=say("train_track"))] = None,
) -> None:
    """Search batch, rate and optimiser for a lab, or compare its networks and views.

    Each trial is a run of its own; trials that fall behind are ended early. Ctrl-C, or a crash,
    then the same command goes on. With `--compare` the variants that `lab.toml` lists are trained
    and judged one after the other.

    Examples:

    - `countlab tune labs/octagons --trials 20`
    - `countlab tune labs/octagons --compare --only LeNet`
    """
    training_package()
    from countlab.training.runs import lab_for
    from countlab.training.variants import Pictures

    settings = Settings.from_environment()
    shape = lab_for(lab, data=data, quick=quick, epochs=epochs)
    folder = out or settings.home / "tuning" / shape.name
    folders = data_folders(settings)
    pictures = Pictures(lab, folders, data=data, quick=quick, work=folder)
    try:
        with progress_report() as report:
            if compare:
                from countlab.training.variants import folder_of, listed, run

                results = []
                for name, changed in listed(lab, shape):
                    if only and only.casefold() not in name.casefold():
                        continue
                    stderr_console().print(name, style="bold")
                    results.append(
                        run(
                            name, changed, pictures, folder_of(name, folder),
                            folders=folders, seed=seed, report=report,
                        )
                    )  # fmt: skip
                _print_results(results)
                return
            from countlab.training.tuning import read_space
            from countlab.training.tuning import tune as search

            with tracked_sweep(track, settings, shape, folder) as tell:

                def each(trial: Trial) -> None:
                    _print_trial(trial)
                    tell(trial)

                rows = search(
                    shape, read_space(lab), pictures, folder,
                    trials=trials, folders=folders, seed=seed, report=report, each=each,
                )  # fmt: skip
    except KeyboardInterrupt:
        stderr_console().print(say("tune_stopped"))
        raise typer.Exit(130) from None
    _print_trials(rows)


def _print_trial(trial: Trial) -> None:
    outcome = f"F1 {trial.result.f1:.3f}" if trial.result else say("tune_ended_early")
    stderr_console().print(say("tune_trial", number=trial.number, outcome=outcome), markup=False)


def _print_trials(rows: Sequence[Trial]) -> None:
    from rich.table import Table

    table = Table(*words("tune_columns"), box=None)
    for trial in rows:
        values = [f"{v:.2g}" if isinstance(v, float) else str(v) for v in trial.values.values()]
        result = trial.result
        figures = ["–", "–", "–"]
        if result:
            figures = [f"{result.f1:.3f}", f"{result.test_f1:.3f}", f"{result.seconds:.0f}"]
        table.add_row(str(trial.number), *values, *figures)
    stdout_console().print(table)


def _print_results(results: Sequence[Result]) -> None:
    from rich.table import Table

    table = Table(*words("tune_compare_columns"), box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for result in results:
        table.add_row(
            result.name,
            f"{result.f1:.2f}",
            f"{result.test_f1:.2f}",
            f"{result.test_accuracy:.1%}",
            f"{result.parameters:,}",
            f"{result.seconds:.0f}",
        )
    stdout_console().print(table)
