"""The commands about models: `models` lists them, `fetch` brings a published one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from countlab.cli.terminal import remarks, results, tell
from countlab.settings import Settings

if TYPE_CHECKING:
    from countlab.catalogue import Model
    from countlab.store import Store

_LABELS_SHOWN = 4


def models() -> None:
    """List the models: built in, published (fetched on demand), and your own.

    A model of your own is a folder with a `model.toml` below `~/.countlab/models`.
    """
    from countlab.catalogue import read_catalogue
    from countlab.store import Store

    settings, store = Settings.from_environment(), Store()
    catalogue = read_catalogue(settings.models_folder)
    table = Table("model", "origin", "here", "size", "about", box=None, pad_edge=False)
    table.columns[3].justify = "right"
    for column in table.columns[:4]:
        column.no_wrap = True
    for model in sorted(catalogue.models.values(), key=lambda model: model.origin != "built-in"):
        name = f"{model.name} *" if model.name == settings.default_model else model.name
        here = "yes" if store.has(model) else "no"
        about = Text.assemble(model.title, "\n", (_in_brief(model), "dim"))
        table.add_row(name, model.origin, here, _size(model), about)
    results().print(table)
    remarks().print(f"\n* used when no model is named · own models: {settings.models_folder}")
    for error in catalogue.unreadable:
        tell(error)


def fetch(model: Annotated[str, typer.Argument(help="A name from `countlab models`.")]) -> None:
    """Fetch a published model; only files with the right SHA-256 are kept.

    A fetch that was stopped goes on where it was.

    Example: `countlab fetch yolo-fastest-xl`
    """
    from countlab.catalogue import read_catalogue
    from countlab.store import Store

    found = read_catalogue(Settings.from_environment().models_folder).find(model)
    store = Store()
    if found.origin != "published" or (store.has(found) and not store.damaged(found)):
        store.files(found)
        results().print(f"{found.name} is here: {found.folder}", soft_wrap=True)
        return
    try:
        _fetch_with_bar(store, found)
    except KeyboardInterrupt:
        remarks().print(f"Stopped. countlab fetch {found.name} goes on from here.")
        raise typer.Exit(130) from None
    results().print(f"{found.name} is here now: {found.folder}", soft_wrap=True)


def _fetch_with_bar(store: Store, model: Model) -> None:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=remarks(), disable=not remarks().is_terminal) as bar:
        tasks = {file.name: bar.add_task(file.name, total=None) for file in model.files.values()}
        store.fetch(
            model,
            lambda name, done, total: bar.update(tasks[name], completed=done, total=total),
        )


def _size(model: Model) -> str:
    """As described; an own model need not say, so its files are asked."""
    paths = [model.folder / file.name for file in model.files.values()]
    there = sum(path.stat().st_size for path in paths if path.is_file())
    return decimal(model.bytes or there) if model.bytes or there else "?"


def _in_brief(model: Model) -> str:
    labels = model.labels
    shown = ", ".join(labels[:_LABELS_SHOWN])
    return shown if len(labels) <= _LABELS_SHOWN else f"{shown}, … ({len(labels)})"
