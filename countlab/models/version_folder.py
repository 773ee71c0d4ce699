"""A model's version as a folder: sealed by a manifest, kept beside others, linked by its name.

    models/.versions/weather/3-4f53…/    never changes once it is there
    models/weather -> .versions/weather/3-4f53…

Moving the link is one step of the file system, so whoever opens `models/weather` finds one
version, whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from countlab.errors import CountlabError
from countlab.system.regular_file import read_regular
from countlab.system.sha256 import sha256_of
from countlab.system.whole_file import write_whole

PART = ".part-"
"""What names of folders begin with that are still arriving."""
MANIFEST, VERSION, VERSIONS = "manifest.json", "version.json", ".versions"
_MAX_BYTES = 4_000_000_000
MAX_MANIFEST_BYTES = 1_000_000
_MAX_VERSION_BYTES = 10_000
_DAY_S = 86_400
_KEPT = 5  # versions of a model that stay on disk, the linked ones beside


@dataclass(frozen=True)
class Sealed:
    """Which version a folder holds."""

    name: str
    number: str
    manifest: str
    """The SHA-256 of its manifest, and so of all its files."""


@dataclass(frozen=True)
class SealedFile:
    """One file of a version."""

    bytes: int
    sha256: str


def seal(folder: Path) -> str:
    """Writes the manifest of all files in a folder; its SHA-256 stands for the whole."""
    files = {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": sha256_of(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (MANIFEST, VERSION)
    }
    text = json.dumps({"files": files}, indent=1, sort_keys=True).encode()
    write_whole(folder / MANIFEST, text)
    return hashlib.sha256(text).hexdigest()


def sealed_files(folder: Path, manifest: str) -> dict[str, SealedFile]:
    """What the manifest lists, by name; a manifest that is not the sealed one lists nothing."""
    path = folder / MANIFEST
    if not path.is_file() or path.stat().st_size > MAX_MANIFEST_BYTES:
        raise CountlabError("other_bytes", path=path)
    text = read_regular(path, max_bytes=MAX_MANIFEST_BYTES)
    if hashlib.sha256(text).hexdigest() != manifest:
        raise CountlabError("other_bytes", path=path)
    try:
        files = {name: SealedFile(**entry) for name, entry in json.loads(text)["files"].items()}
    except (ValueError, TypeError, KeyError, AttributeError) as reason:
        raise CountlabError("other_bytes", path=path) from reason
    for name, file in files.items():
        inside = (folder / name).resolve().is_relative_to(folder.resolve())
        if not inside or file.bytes > _MAX_BYTES:
            raise CountlabError("other_bytes", path=folder / name)
    return files


def check_seal(folder: Path, manifest: str) -> None:
    """Every file is there, and is what was sealed; else `other_bytes` names the first."""
    for name, sealed in sealed_files(folder, manifest).items():
        file = folder / name
        right = file.is_file() and file.stat().st_size == sealed.bytes
        if not right or sha256_of(file) != sealed.sha256:
            raise CountlabError("other_bytes", path=file)


def folder_of(models: Path, name: str, number: str, manifest: str) -> Path:
    """Where a version lies, or will lie."""
    return models / VERSIONS / name / f"{number}-{manifest[:16]}"


def finish(part: Path, place: Path, sealed: Sealed) -> None:
    """A downloaded folder becomes a version: checked, marked, moved into its place in one step."""
    check_seal(part, sealed.manifest)
    write_whole(part / VERSION, json.dumps(vars(sealed)).encode())
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():  # damaged, or another process was faster
        shutil.rmtree(place, ignore_errors=True)
    part.rename(place)


def read_version(folder: Path) -> Sealed | None:
    """None for a folder that did not come from a registry."""
    try:
        return Sealed(**json.loads(read_regular(folder / VERSION, max_bytes=_MAX_VERSION_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def linked(models: Path, name: str) -> Sealed | None:
    """The version that a name stands for now."""
    return read_version(models / name)


def link(models: Path, name: str, folder: Path) -> None:
    """From the next look at the models on, the name stands for this version."""
    place = models / name
    if place.exists() and not place.is_symlink():
        raise CountlabError("own_folder_in_the_way", folder=place)
    beside = models / VERSIONS / f"{name}.link"
    beside.unlink(missing_ok=True)
    try:
        beside.symlink_to(os.path.relpath(folder, models), target_is_directory=True)
        beside.replace(place)
    except OSError as reason:
        raise CountlabError("cannot_write", path=place, reason=reason.strerror) from reason
    os.utime(folder)  # used last now: `prune` keeps it longest


def prune(models: Path, name: str, links: Iterable[str]) -> None:
    """Removes what was linked longest ago, but for those that are linked and a few more."""
    folder = models / VERSIONS / name
    inuse = {(models / link).resolve() for link in links}
    found = sorted(folder.iterdir(), key=lambda path: -path.stat().st_mtime)
    versions = [path for path in found if not path.name.startswith(PART)]
    long_ago = time.time() - _DAY_S
    left = [path for path in found if path not in versions and path.stat().st_mtime < long_ago]
    for old in [*versions[_KEPT:], *left]:
        if old.resolve() not in inuse:
            shutil.rmtree(old, ignore_errors=True)
