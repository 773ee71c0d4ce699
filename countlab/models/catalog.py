"""Which models exist, as data: one TOML entry each, no code per model.

Three places, the later one wins where names meet: built into the package, published (fetched
on demand), and a person's own folders. Does not know whether files are on disk: that is `store`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from countlab.errors import CountlabError, closest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_PACKAGED = Path(__file__).with_name("data")
Origin = Literal["built-in", "published", "own"]


@dataclass(frozen=True)
class ModelFile:
    """A file is its content: bytes and SHA-256 where they are known, and where to get it."""

    name: str
    bytes: int | None = None
    sha256: str | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """One entry of the catalog."""

    name: str
    title: str
    task: str
    input: tuple[int, int]
    labels_file: Path
    nms: float
    licence: str
    origin: Origin
    folder: Path
    """Where its files are, or will be."""
    files: Mapping[str, ModelFile]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        lines = self.labels_file.read_text(encoding="utf-8").splitlines()
        return tuple(line.strip() for line in lines if line.strip())

    @property
    def bytes(self) -> int | None:
        sizes = [file.bytes for file in self.files.values()]
        return sum(size for size in sizes if size) if any(sizes) else None


@dataclass(frozen=True)
class Catalog:
    """All models by name, and the folders that could not be read, each with its error."""

    models: Mapping[str, Model]
    unreadable: tuple[CountlabError, ...] = ()
    own_folder: Path = Path("models")

    def find(self, name: str) -> Model:
        if name in self.models:
            return self.models[name]
        near = closest(name, self.models)
        known = sorted(self.models, key=lambda other: (other != near, other))
        raise CountlabError("unknown_model", arrived=name, known=known, folder=self.own_folder)


def read_catalog(own_folder: Path) -> Catalog:
    """Reads what is built in, what is published, and what lies in a person's models folder.

    Cheap to ask at every request: the files are read again only when one of them has changed.
    """
    described = [_PACKAGED / "published.toml", *_PACKAGED.glob("*/model.toml")]
    described += own_folder.glob("*/model.toml")
    return _read_catalog(own_folder, tuple((p, p.stat().st_mtime_ns) for p in sorted(described)))


@lru_cache(maxsize=8)
def _read_catalog(own_folder: Path, _: tuple[tuple[Path, int], ...]) -> Catalog:
    models: dict[str, Model] = {}
    unreadable = []
    for path in sorted(_PACKAGED.glob("*/model.toml")):
        models[path.parent.name] = _model(_read(path), path.parent, "built-in", path.parent)
    for name, entry in _read(_PACKAGED / "published.toml").items():
        models[name] = _model({"name": name, **entry}, _PACKAGED, "published", own_folder / name)
    for path in sorted(own_folder.glob("*/model.toml")):
        try:
            model = _model(_read(path), path.parent, "own", path.parent)
        except CountlabError as error:
            unreadable.append(error)
        else:
            models[model.name] = model
    return Catalog(models, tuple(unreadable), own_folder)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise CountlabError("bad_model_folder", folder=path.parent, reason=reason) from reason


def _model(entry: Mapping[str, Any], described_in: Path, origin: Origin, folder: Path) -> Model:
    """An entry checked: a wrong one is refused with the reason, not met later as a crash."""
    try:
        width, height = entry.get("input", (416, 416))
        model = Model(
            name=_plain_name(str(entry["name"])),
            title=str(entry.get("title", entry["name"])),
            task=_one_of("task", entry.get("task", "detect"), ("detect", "classify")),
            input=(int(width), int(height)),
            labels_file=_beside(described_in, str(entry["labels"])),
            nms=float(entry.get("nms", 0.3)),
            licence=str(entry.get("licence", "not stated")),
            origin=origin,
            folder=folder,
            files={
                role: ModelFile(
                    name=_beside(folder, file["name"]).name,
                    bytes=file.get("bytes"),
                    sha256=file.get("sha256"),
                    addresses=tuple(file.get("addresses", ())),
                )
                for role, file in entry["files"].items()
            },
        )
        if not model.labels:
            raise ValueError(f"{entry['labels']} holds no labels")
    except KeyError as missing:
        reason = f"{missing} is missing"
    except (AttributeError, OSError, TypeError, ValueError) as wrong:
        reason = str(wrong)
    else:
        return model
    raise CountlabError("bad_model_folder", folder=described_in, reason=reason)


def _plain_name(name: str) -> str:
    """It becomes part of addresses, headers and folders."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ValueError(f"the name “{name}” may hold only letters, digits, dots and hyphens")
    return name


def _beside(folder: Path, name: str) -> Path:
    """A file of the folder itself: a model never points outside it."""
    if Path(name).name != name:
        raise ValueError(f"“{name}” must be the name of a file in the same folder")
    return folder / name


def _one_of(what: str, arrived: object, allowed: tuple[str, ...]) -> str:
    if arrived not in allowed:
        raise ValueError(f"{what} is “{arrived}”; allowed: {', '.join(allowed)}")
    return str(arrived)
