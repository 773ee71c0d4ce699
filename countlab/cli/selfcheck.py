"""The command `selfcheck`: where a model contradicts itself, without any truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from countlab.cli.options import with_options
from countlab.cli.terminal import print_error, stderr_console, stdout_console
from countlab.imaging.files import find_pictures
from countlab.options import PredictOptions
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.evaluation.selfcheck import SelfCheck

_SHOWN = 3  # pictures of each change; all are in the JSON


@with_options(without=("nms", "tiles", "object"))
def selfcheck(
    paths: Annotated[
        list[str], typer.Argument(help="Pictures, folders, or patterns such as 'images/*.jpg'.")
    ],
    options: PredictOptions,
    json: Annotated[bool, typer.Option("--json", help="Print every contradiction.")] = False,
    max_contradictions: Annotated[
        int | None,
        typer.Option(min=0, help="Exit with 1 when there are more; without it, they only show."),
    ] = None,
) -> None:
    """Find out where a model contradicts itself; no true counts are needed.

    Each picture is counted as it is, then mirrored, padded, saved anew as a JPEG, brightened, and
    doubled side by side, which must double the count. Another count of an object is a
    contradiction: at least one of the two is wrong.

    Examples:

    - `countlab selfcheck images`
    - `countlab selfcheck 'photos/*.jpg' --model yolov3 --json`
    - `countlab selfcheck images --max-contradictions 40`
    """
    pictures, missing = find_pictures(paths)
    for absent in missing:
        print_error(absent)
    checked = _check(pictures, options) if pictures else None
    if checked is None:
        raise typer.Exit(1)
    for name, error in checked.errors:
        print_error(error, about=name)
    if json:
        import json as written

        print(written.dumps(checked.as_json(), indent=2, ensure_ascii=False))
    else:
        stdout_console().print(_table_of(checked))
    number = len(checked.contradictions)
    too_many = max_contradictions is not None and number > max_contradictions
    if too_many:
        stderr_console().print(
            f"[red]✗[/] {number} contradictions, and {max_contradictions} are allowed"
        )
    raise typer.Exit(1 if too_many or missing or checked.errors else 0)


def _check(pictures: list[Path], options: PredictOptions) -> SelfCheck:
    from rich.progress import Progress

    from countlab.evaluation.selfcheck import run_selfcheck
    from countlab.inference.pipeline import Pipeline

    console = stderr_console()
    pipeline = Pipeline(Settings.from_environment())
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("checking", total=len(pictures))
        try:
            return run_selfcheck(
                pipeline, pictures, on_progress=lambda: bar.advance(task), options=options
            )
        except KeyboardInterrupt:
            bar.stop()
            done = int(bar.tasks[0].completed)
            console.print(f"Stopped after {done} of {len(pictures)} pictures.")
            raise typer.Exit(130) from None


def _table_of(checked: SelfCheck) -> Table:
    from countlab.evaluation.selfcheck import CHANGES

    table = Table("change", "pictures", "that differ", "for example", box=None, pad_edge=False)
    for place in (1, 2):
        table.columns[place].justify = "right"
    for change in CHANGES:
        found = checked.contradictions_of(change.name)
        examples = [
            f"{Path(one.picture).name}: {one.object} {one.expected} → {one.counted}"
            for one in sorted(found, key=lambda one: -abs(one.counted - one.expected))[:_SHOWN]
        ]
        differ = str(len({one.picture for one in found}))
        table.add_row(change.name, str(checked.pictures), differ, "\n".join(examples))
    return table
