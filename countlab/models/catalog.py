"""The catalog: which models exist, as data, one TOML entry each and no code per model.

Three places, the later one wins where names meet: built into the package, published (fetched on
demand), and a person's own folders. `entry` checks what a TOML file says; `store` knows the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from countlab.errors import CountlabError, closest_first
from countlab.models.entry import Model as Model
from countlab.models.entry import ModelFile as ModelFile
from countlab.models.entry import read_entries, read_entry
from countlab.models.version_folder import read_version

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


_Stamp = tuple[Path, Path, int, int]
"""A file, where it lies behind links, when it was changed last, its inode."""


def _stamp(path: Path) -> _Stamp | None:
    """None if the file was removed since it was listed.

    A folder that is a link may lead elsewhere at any moment: all of a model is read from where
    the link led once.
    """
    folder = path.parent
    try:
        real = (folder.resolve() if folder.is_symlink() else folder) / path.name
        status = real.stat()
    except (OSError, RuntimeError):  # a link that leads to itself
        return None
    return path, real, status.st_mtime_ns, status.st_ino


@lru_cache(maxsize=8)
def _read_catalog(own_folder: Path, stamps: tuple[_Stamp, ...]) -> Catalog:
    models: dict[str, Model] = {}
    unreadable = []
    for path, *_ in stamps:
        if path.parent.parent == _PACKAGED:
            models[path.parent.name] = read_entry(path, "built-in")
    models |= read_entries(_PACKAGED / "published.toml", into=own_folder)
    for path, real, *_ in stamps:
        if path.parent.parent == own_folder:
            try:
                model = _own_model(path, real)
            except CountlabError as error:
                unreadable.append(error)
            else:
                models[model.name] = model
    return Catalog(models, tuple(unreadable), own_folder)


def _own_model(path: Path, real: Path) -> Model:
    """One that came from a registry is known by the name of its link, such as `weather`."""
    model = read_entry(real, "own")
    version = read_version(real.parent)
    if version is None:
        return model
    return replace(model, name=path.parent.name, version=version.number)
