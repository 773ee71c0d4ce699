"""The listing of a source: addresses of pictures and of files that hold many, one by one.

Nothing is gathered: ten million names pass through. Folders are walked in the order of their
names, so that a listing that broke off goes on behind the last name that was kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from countlab.batch import storage
from countlab.errors import CountlabError
from countlab.imaging.files import PICTURE_SUFFIXES

TAR_SUFFIXES = (".tar",)
PARQUET_SUFFIXES = (".parquet",)
_CONTAINER_SUFFIXES = TAR_SUFFIXES + PARQUET_SUFFIXES


def is_container(address: str) -> bool:
    """Whether many pictures are in one file: a tar archive (WebDataset), or Parquet of bytes."""
    return address.lower().endswith(_CONTAINER_SUFFIXES)


def check_sources(sources: Sequence[str], *, output: str) -> list[str]:
    """The sources, each once and none inside another: no picture is to be counted twice."""
    whole = [_normal(source) for source in sources]
    kept: list[str] = []
    for source in whole:
        if source.rstrip("/") == output.rstrip("/"):
            raise CountlabError("output_is_source", path=source)
        if not storage.is_remote(source) and not Path(source).exists():
            raise CountlabError("no_such_file", path=source)
        inside = any(
            source != other and source.startswith(other.rstrip("/") + "/") for other in whole
        )
        if source not in kept and not inside:
            kept.append(source)
    return kept


def list_sources(
    sources: Sequence[str], *, recursive: bool, output: str, after: str = ""
) -> Iterator[str]:
    """Every address in order; with `after`, those that come behind it."""
    started = not after
    for source in sources:
        if not started and not _holds(source, after):
            continue
        behind, started = ("" if started else after), True
        for address in _list(source, recursive=recursive, output=output, after=behind):
            if address != behind:
                yield address


def _list(source: str, *, recursive: bool, output: str, after: str) -> Iterator[str]:
    if not storage.is_folder(source):
        if source != after:
            yield source
        return
    keys = storage.keys_below(source, after=after) if recursive else None
    if keys is not None:
        yield from (key for key in keys if _is_wanted(key) and not _is_below(key, output))
        return
    yield from _walk(source, recursive=recursive, output=output, after=after)


def _walk(folder: str, *, recursive: bool, output: str, after: str) -> Iterator[str]:
    """Files before folders; `after` leads the way down to where the listing broke off."""
    listed = list(storage.entries(folder))
    folders = [entry.address for entry in listed if entry.is_folder]
    files = [entry.address for entry in listed if not entry.is_folder]
    below = next((entry for entry in folders if _is_below(after, entry)), None) if after else None
    if below is None:
        yield from (file for file in files if file > after and _is_wanted(file))
    if not recursive:
        return
    for entry in folders:
        if (below is not None and entry < below) or _is_below(entry, output):
            continue
        deeper = after if entry == below else ""
        yield from _walk(entry, recursive=True, output=output, after=deeper)


def _is_wanted(address: str) -> bool:
    suffix = os.path.splitext(address)[1].lower()  # noqa: PTH122 - an address is no path
    return suffix in PICTURE_SUFFIXES or suffix in _CONTAINER_SUFFIXES


def _is_below(address: str, folder: str) -> bool:
    return address.rstrip("/") == folder.rstrip("/") or address.startswith(folder.rstrip("/") + "/")


def _holds(source: str, address: str) -> bool:
    return source == address or _is_below(address, source)


def _normal(source: str) -> str:
    """As listings name it: a path without `..`, an address as it was typed."""
    return source if storage.is_remote(source) else os.path.normpath(source)
