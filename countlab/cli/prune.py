"""The command `prune`: a smaller and faster classifier, and what that costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countlab.cli.terminal import stderr_console, stdout_console
from countlab.cli.texts import say, words
from countlab.cli.train import data_folders, progress_report, training_package
from countlab.settings import Settings


def prune(
    model: Annotated[str, typer.Argument(help=say("prune_model"))],
    amount: Annotated[float, typer.Option(min=0.01, max=0.95, help=say("prune_amount"))] = 0.3,
    finetune: Annotated[int, typer.Option(min=1, help=say("prune_finetune"))] = 3,
    lab: Annotated[Path | None, typer.Option(help=say("prune_lab"))] = None,
    data: Annotated[Path | None, typer.Option(help=say("train_data"))] = None,
    out: Annotated[Path | None, typer.Option(help=say("prune_out"))] = None,
    seed: Annotated[int, typer.Option(min=0, help=say("train_seed"))] = 1,
    quick: Annotated[bool, typer.Option("--quick", help=say("train_quick"))] = False,
) -> None:
    """Take out the channels that matter least, and train what is left a little.

    Whole channels go, so the network is really smaller and faster. Prints size, speed and accuracy
    before, after, and after fine-tuning.

    Example: `countlab prune weather --amount 0.3 --finetune 3`
    """
    training = training_package()
    settings = Settings.from_environment()
    folder = _folder(model, settings)
    name = folder.resolve().name
    try:
        with progress_report() as report:
            pruned = training.prune(
                folder,
                lab_folder=lab or Path("labs") / name,
                out=out or settings.models_folder / f"{name}-pruned",
                amount=amount,
                finetune_epochs=finetune,
                data=data,
                folders=data_folders(settings),
                seed=seed,
                quick=quick,
                report=report,
            )
    except KeyboardInterrupt:
        stderr_console().print(say("prune_stopped"))
        raise typer.Exit(130) from None
    _print_table(pruned.stages)
    stdout_console().print(f"{pruned.folder}")


def _folder(model: str, settings: Settings) -> Path:
    from countlab.models.catalog import read_catalog

    if (Path(model) / "model.toml").is_file():
        return Path(model)
    return read_catalog(settings.models_folder).find(model).folder


def _print_table(stages: object) -> None:
    from rich.table import Table

    table = Table("", *words("prune_columns"), box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for stage in stages:  # type: ignore[attr-defined]
        table.add_row(
            say(f"prune_stage_{stage.name.replace('-', '_')}"),
            f"{stage.parameters:,}",
            f"{stage.bytes:,}",
            f"{stage.milliseconds:.2f}",
            f"{stage.accuracy:.1%}",
        )
    stdout_console().print(table)
