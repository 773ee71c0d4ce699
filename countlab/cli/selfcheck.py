"""The command `selfcheck`: where a model contradicts itself, without any truth."""

from __future__ import annotations

from json import dumps as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from countlab.cli.early_checks import check_options
from countlab.cli.options import with_options
from countlab.cli.terminal import note, print_error, progress_bar, stdout_console
from countlab.cli.texts import say, words
from countlab.imaging.files import find_pictures
from countlab.options import PredictOptions
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.selfcheck import SelfCheck

_SHOWN = 3  # pictures of each change; all are in the JSON


@with_options(without=("nms", "tiles", "object"))
def selfcheck(
    paths: Annotated[list[str], typer.Argument(help=say("paths"))],
    options: PredictOptions,
    json: Annotated[bool, typer.Option("--json", help=say("selfcheck_json"))] = False,
    max_contradictions: Annotated[
        int | None, typer.Option(min=0, help=say("selfcheck_max_contradictions"))
    ] = None,
) -> None:
    """Find out where a model contradicts itself; no true counts are needed."""
    check_options(options, Settings.from_environment())
    pictures, missing = find_pictures(paths)
    for absent in missing:
        print_error(absent)
    checked = _check(pictures, options) if pictures else None
    if checked is None:
        raise typer.Exit(1)
    for name, error in checked.errors:
        print_error(error, about=name)
    if json:
        print(json_text(checked.as_json(), indent=2, ensure_ascii=False))
    else:
        stdout_console().print(_table_of(checked))
    number = len(checked.contradictions)
    too_many = max_contradictions is not None and number > max_contradictions
    if too_many:
        note("✗ " + say("selfcheck_too_many", number=number, allowed=max_contradictions))
    raise typer.Exit(1 if too_many or missing or checked.errors else 0)


def _check(pictures: list[Path], options: PredictOptions) -> SelfCheck:
    from countlab.evaluation.selfcheck import run_selfcheck
    from countlab.inference.pipeline import Pipeline

    pipeline = Pipeline(Settings.from_environment())
    with progress_bar() as bar:
        task = bar.add_task(say("checking"), total=len(pictures))
        try:
            return run_selfcheck(
                pipeline, pictures, on_progress=lambda: bar.advance(task), options=options
            )
        except KeyboardInterrupt:
            bar.stop()
            done = int(bar.tasks[0].completed)
            note(say("stopped_after", done=done, of=len(pictures)))
            raise typer.Exit(130) from None


def _table_of(checked: SelfCheck) -> Table:
    from countlab.evaluation.selfcheck import CHANGES

    table = Table(*words("selfcheck_columns"), box=None, pad_edge=False)
    names = dict(zip((change.name for change in CHANGES), words("selfcheck_changes"), strict=True))
    for place in (1, 2):
        table.columns[place].justify = "right"
    for change in CHANGES:
        found = checked.contradictions_of(change.name)
        examples = [
            f"{Path(worst.picture).name}: {worst.object} {worst.expected} → {worst.counted}"
            for worst in sorted(found, key=lambda entry: -abs(entry.counted - entry.expected))[
                :_SHOWN
            ]
        ]
        differ = str(len({entry.picture for entry in found}))
        table.add_row(names[change.name], str(checked.pictures), differ, "\n".join(examples))
    return table
