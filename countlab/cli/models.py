"""The command `models`: which models there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from countlab.cli.terminal import note, print_error, stdout_console
from countlab.cli.texts import say, words
from countlab.settings import Settings, terminal_language

if TYPE_CHECKING:
    from countlab.models.catalog import Model

_LABELS_SHOWN = 4


def models() -> None:
    """List the models: built in, published (fetched on demand), and your own."""
    from countlab.models.catalog import read_catalog
    from countlab.models.store import Store

    settings, store = Settings.from_environment(), Store()
    catalog = read_catalog(settings.models_folder)
    table = Table(*words("models_columns"), box=None, pad_edge=False)
    table.columns[3].justify = "right"
    for column in table.columns[:4]:
        column.no_wrap = True
    origins = dict(zip(("built-in", "published", "own"), words("models_origins"), strict=True))
    yes, no = words("yes_no")
    for model in sorted(catalog.models.values(), key=lambda model: model.origin != "built-in"):
        name = f"{model.name} *" if model.name == settings.default_model else model.name
        here = yes if store.has(model) else no
        about = Text.assemble(model.title, "\n", (_in_brief(model), "dim"))
        table.add_row(name, origins[model.origin], here, _size(model), about)
    stdout_console().print(table)
    note("\n" + say("models_note", folder=settings.models_folder))
    for error in catalog.unreadable:
        print_error(error)


def _size(model: Model) -> str:
    """As described; an own model need not say, so its files are asked."""
    paths = [model.folder / file.name for file in model.files.values()]
    there = sum(path.stat().st_size for path in paths if path.is_file())
    return decimal(model.bytes or there) if model.bytes or there else "?"


def _in_brief(model: Model) -> str:
    """The first labels, in the terminal's language where the model knows their names."""
    names = model.names.get(terminal_language(), {})
    shown = ", ".join(
        names.get(label, label).partition("/")[0] for label in model.labels[:_LABELS_SHOWN]
    )
    return shown if len(model.labels) <= _LABELS_SHOWN else f"{shown}, … ({len(model.labels)})"
