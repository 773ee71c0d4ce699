"""The command `fetch`: bring a published model to this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import stderr_console, stdout_console
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.models.catalog import Model
    from countlab.models.store import Store


def fetch(model: Annotated[str, typer.Argument(help="A name from `countlab models`.")]) -> None:
    """Fetch a published model; only files with the right SHA-256 are kept.

    A fetch that was stopped goes on where it was.

    Example: `countlab fetch yolo-fastest-xl`
    """
    from countlab.models.catalog import read_catalog
    from countlab.models.store import Store

    found = read_catalog(Settings.from_environment().models_folder).find(model)
    store = Store()
    if found.origin != "published" or (store.has(found) and not store.damaged(found)):
        store.files(found)
        stdout_console().print(f"{found.name} is here: {found.folder}", soft_wrap=True)
        return
    try:
        _fetch_with_bar(store, found)
    except KeyboardInterrupt:
        stderr_console().print(f"Stopped. countlab fetch {found.name} goes on from here.")
        raise typer.Exit(130) from None
    stdout_console().print(f"{found.name} is here now: {found.folder}", soft_wrap=True)


def _fetch_with_bar(store: Store, model: Model) -> None:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(
        *columns, console=stderr_console(), disable=not stderr_console().is_terminal
    ) as bar:
        tasks = {file.name: bar.add_task(file.name, total=None) for file in model.files.values()}
        store.fetch(
            model,
            lambda name, done, total: bar.update(tasks[name], completed=done, total=total),
        )
