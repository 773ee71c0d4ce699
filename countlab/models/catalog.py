"""The catalog: which models exist, as data, one TOML entry each and no code per model.

Three places, the later one wins where names meet: built into the package, published (fetched on
demand), and a person's own folders. `entry` checks what a TOML file says; `store` knows the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from countlab.errors import CountlabError, closest_first
from countlab.models.entry import Model as Model
from countlab.models.entry import ModelFile as ModelFile
from countlab.models.entry import read_entries, read_entry

_PACKAGED = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Catalog:
    """All models by name, and the folders that could not be read, each with its error."""

    models: Mapping[str, Model]
    unreadable: tuple[CountlabError, ...] = ()
    own_folder: Path = Path("models")

    def find(self, name: str) -> Model:
        if name in self.models:
            return self.models[name]
        known = closest_first(name, self.models)
        raise CountlabError("unknown_model", arrived=name, known=known, folder=self.own_folder)


def read_catalog(own_folder: Path) -> Catalog:
    """Reads what is built in, what is published, and what lies in a person's models folder.

    Cheap to call at every request: the files are read again only when one of them has changed.
    """
    entries = [
        _PACKAGED / "published.toml",
        *_PACKAGED.glob("*/model.toml"),
        *own_folder.glob("*/model.toml"),
    ]
    return _read_catalog(own_folder, tuple(sorted(filter(None, map(_stamp, entries)))))


def _stamp(path: Path) -> tuple[Path, int, int] | None:
    """When a file was changed last; None if it was removed since it was listed."""
    try:
        status = path.stat()
    except OSError:
        return None
    return path, status.st_mtime_ns, status.st_ino


@lru_cache(maxsize=8)
def _read_catalog(own_folder: Path, stamps: tuple[tuple[Path, int, int], ...]) -> Catalog:
    models: dict[str, Model] = {}
    unreadable = []
    paths = [path for path, *_ in stamps]
    for path in paths:
        if path.parent.parent == _PACKAGED:
            models[path.parent.name] = read_entry(path, "built-in")
    models |= read_entries(_PACKAGED / "published.toml", into=own_folder)
    for path in paths:
        if path.parent.parent == own_folder:
            try:
                model = read_entry(path, "own")
            except CountlabError as error:
                unreadable.append(error)
            else:
                models[model.name] = model
    return Catalog(models, tuple(unreadable), own_folder)
