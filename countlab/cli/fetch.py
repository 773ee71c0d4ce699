"""The command `fetch`: bring a published model to this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from countlab.cli.terminal import note, print_error, stderr_console
from countlab.cli.texts import say
from countlab.errors import CountlabError
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.models.catalog import Model
    from countlab.models.store import Store


def fetch(model: Annotated[str, typer.Argument(help=say("model_name"))]) -> None:
    """Fetch a published model; only files with the right SHA-256 are kept."""
    from countlab.models.catalog import read_catalog
    from countlab.models.store import Store

    found = read_catalog(Settings.from_environment().models_folder).find(model)
    store = Store()
    if found.origin != "published" or (store.has(found) and not store.damaged(found)):
        store.files(found)
        print(say("fetch_here", model=found.name, folder=found.folder))
        return
    try:
        _fetch_with_bar(store, found)
    except KeyboardInterrupt:
        note(say("fetch_stopped", model=found.name))
        raise typer.Exit(130) from None
    except CountlabError as error:
        if error.code != "model_not_fetched":
            raise
        print_error(error)
        _print_by_hand(found)
        raise typer.Exit(1) from None
    print(say("fetch_done", model=found.name, folder=found.folder))


def _print_by_hand(model: Model) -> None:
    """Which files to bring on a stick from a machine with a network, and where to put them."""
    note("\n" + say("fetch_by_hand", folder=model.folder))
    for file in model.files.values():
        size = f"{file.bytes:,} bytes  ".replace(",", "\u202f") if file.bytes else ""
        note(f"  {file.name}  {size}SHA-256 {file.sha256}")
        for address in file.addresses:
            note(f"      {address}")


def _fetch_with_bar(store: Store, model: Model) -> None:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = stderr_console()
    name = TextColumn("{task.description}", markup=False)
    columns = name, BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks = {file.name: bar.add_task(file.name, total=None) for file in model.files.values()}
        store.fetch(
            model,
            lambda name, done, total: bar.update(tasks[name], completed=done, total=total),
        )
