"""Where the pictures of `count` come from: files, folders, patterns, addresses, standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from countlab.errors import CountlabError
from countlab.imaging.files import PICTURE_SUFFIXES, read_bytes

STDIN = "-"
_SNIFFED_BYTES = 512
_TEXT_CONTROLS = frozenset(b"\0\t\n\r\f")


@dataclass(frozen=True)
class PictureSource:
    """One picture that is to be counted; its bytes are read when its turn comes."""

    name: str
    """As it was named, and as the results name it."""
    read: Callable[[], bytes]
    saved_as: PurePosixPath
    """Below the folder of `--save`; its suffix follows the picture's format."""
    path: Path | None = None


def find_sources(
    names: Sequence[str], *, recursive: bool, max_bytes: int
) -> tuple[list[PictureSource], list[CountlabError]]:
    """The pictures in the order named, each once, and what is not there."""
    sources: dict[str, PictureSource] = {}
    missing: list[CountlabError] = []
    for name in names:
        try:
            found = list(_sources(name, recursive=recursive, max_bytes=max_bytes))
            if not found:
                raise CountlabError("no_such_file", path=name)
        except CountlabError as error:
            missing.append(error)
        else:
            for source in found:
                sources.setdefault(source.name, source)
    return list(sources.values()), missing


def _sources(name: str, *, recursive: bool, max_bytes: int) -> Iterator[PictureSource]:
    if name == STDIN:
        yield from _from_stdin(recursive=recursive, max_bytes=max_bytes)
    elif is_address(name):
        yield _from_address(name, max_bytes)
    elif Path(name).is_dir():
        yield from _from_folder(Path(name), recursive=recursive)
    elif Path(name).exists():
        yield _from_file(Path(name))
    else:
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207
        yield from (_from_file(Path(match)) for match in matches if Path(match).is_file())


def is_address(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))


def _from_file(path: Path, folder: Path | None = None) -> PictureSource:
    inside = path.relative_to(folder) if folder else Path(path.name)
    return PictureSource(str(path), lambda: read_bytes(path), PurePosixPath(*inside.parts), path)


def _from_folder(folder: Path, *, recursive: bool) -> Iterator[PictureSource]:
    """Its pictures by suffix, and with `recursive` those of the folders below."""
    pictures = list(_pictures_below(folder) if recursive else _pictures_in(folder))
    if not pictures:
        if not recursive and any(path.is_dir() for path in folder.iterdir()):
            raise CountlabError("cli_only_folders", path=folder)
        raise CountlabError("no_such_file", path=folder)
    yield from (_from_file(path, folder) for path in pictures)


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES)


def _pictures_below(folder: Path) -> Iterator[Path]:
    """Links to folders are not followed, so that none leads back to where it came from."""
    for place, folders, _ in os.walk(folder):
        folders.sort()
        yield from _pictures_in(Path(place))


def _from_address(address: str, max_bytes: int) -> PictureSource:
    def read() -> bytes:
        from countlab.client.web_picture import fetch_picture

        return fetch_picture(address, max_bytes=max_bytes)

    last = PurePosixPath(unquote(urlsplit(address).path)).name or "picture"
    return PictureSource(address, read, PurePosixPath(last.replace("\\", "_")))


def _from_stdin(*, recursive: bool, max_bytes: int) -> Iterator[PictureSource]:
    """A picture, or a list of names, one a line or with zero bytes between (`find -print0`)."""
    data = sys.stdin.buffer.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise CountlabError("too_many_bytes", arrived=f"> {max_bytes}", allowed=max_bytes)
    if not data.strip():
        raise CountlabError("cli_empty_stdin")
    if not _is_list(data):
        yield PictureSource(STDIN, lambda: data, PurePosixPath("stdin"))
        return
    lines = data.split(b"\0") if b"\0" in data else data.splitlines()
    names = [os.fsdecode(line).strip("\r\n") for line in lines]
    for name in filter(None, names):
        if name == STDIN:
            continue
        found = list(_sources(name, recursive=recursive, max_bytes=max_bytes))
        yield from found or [_absent(name)]


def _absent(name: str) -> PictureSource:
    """A line that names nothing is reported in its turn, and the rest is counted."""

    def read() -> bytes:
        raise CountlabError("no_such_file", path=name)

    return PictureSource(name, read, PurePosixPath("absent"))


def _is_list(data: bytes) -> bool:
    """Pictures of every format have control characters early on; lists of names have none."""
    head = data[:_SNIFFED_BYTES]
    return all(byte >= 32 or byte in _TEXT_CONTROLS for byte in head)
