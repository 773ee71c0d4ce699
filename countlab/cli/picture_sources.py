"""Where the pictures of `count` come from: files, folders, patterns, addresses, standard input."""

from __future__ import annotations

import codecs
import glob
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from countlab.errors import CountlabError
from countlab.imaging.files import pictures_in, read_bytes

STDIN = "-"
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
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
        except OSError:  # a name that is too long, a folder that may not be read
            missing.append(CountlabError("no_such_file", path=name))
        else:
            for source in found:
                sources.setdefault(source.name, source)
    return list(sources.values()), missing


def _sources(name: str, *, recursive: bool, max_bytes: int) -> Iterator[PictureSource]:
    if not name:  # it would be this folder, and is a variable that was not set
        return
    if name == STDIN:
        yield from _from_stdin(recursive=recursive, max_bytes=max_bytes)
    elif is_address(name):
        yield _from_address(name, max_bytes)
    elif Path(name).is_dir():
        yield from _from_folder(Path(name), recursive=recursive, max_bytes=max_bytes)
    elif Path(name).exists():
        yield _from_file(Path(name), max_bytes)
    else:
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207
        files = (Path(match) for match in matches if Path(match).is_file())
        yield from (_from_file(path, max_bytes) for path in files)


def is_address(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))


def _from_file(path: Path, max_bytes: int, folder: Path | None = None) -> PictureSource:
    inside = path.relative_to(folder) if folder else Path(path.name)

    def read() -> bytes:
        return read_bytes(path, max_bytes=max_bytes)

    return PictureSource(str(path), read, PurePosixPath(*inside.parts), path)


def _from_folder(folder: Path, *, recursive: bool, max_bytes: int) -> Iterator[PictureSource]:
    """Its pictures by suffix, and with `recursive` those of the folders below."""
    pictures = list(_pictures_below(folder) if recursive else pictures_in(folder))
    if not pictures:
        if not recursive and any(path.is_dir() for path in folder.iterdir()):
            raise CountlabError("cli_only_folders", path=folder)
        raise CountlabError("no_such_file", path=folder)
    yield from (_from_file(path, max_bytes, folder) for path in pictures)


def _pictures_below(folder: Path) -> Iterator[Path]:
    """Links to folders are not followed, so that none leads back to where it came from."""
    for place, folders, _ in os.walk(folder):
        folders.sort()
        yield from pictures_in(Path(place))


def _from_address(address: str, max_bytes: int) -> PictureSource:
    def read() -> bytes:
        from countlab.client.web_picture import fetch_picture

        return fetch_picture(address, max_bytes=max_bytes)

    last = PurePosixPath(unquote(urlsplit(address).path)).name or "picture"
    return PictureSource(address, read, PurePosixPath(last.replace("\\", "_")))


def _from_stdin(*, recursive: bool, max_bytes: int) -> Iterator[PictureSource]:
    """A picture, or a list of names, one a line or with zero bytes between (`find -print0`)."""
    data = sys.stdin.buffer.read(max_bytes + 1) if sys.stdin else b""  # closed by who called
    if len(data) > max_bytes:
        raise CountlabError("too_many_bytes", arrived=f"> {max_bytes}", allowed=max_bytes)
    if not data.strip():
        raise CountlabError("cli_empty_stdin")
    if not _is_list(data):
        yield PictureSource(STDIN, lambda: data, PurePosixPath("stdin"))
        return
    for name in _names(data):
        if name == STDIN:
            continue
        found, missing = find_sources([name], recursive=recursive, max_bytes=max_bytes)
        yield from found or [_absent(name, error) for error in missing]


def _names(data: bytes) -> list[str]:
    """Of a list in the system's encoding, or in what Windows' shells write, with its mark."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            data = os.fsencode(data[len(mark) :].decode(encoding, "replace"))
            break
    lines = data.split(b"\0") if b"\0" in data else data.splitlines()
    return [name for line in lines if (name := os.fsdecode(line).strip("\r\n"))]


def _absent(name: str, error: CountlabError) -> PictureSource:
    """A line that names nothing is reported in its turn, and the rest is counted."""

    def read() -> bytes:
        raise error

    return PictureSource(name, read, PurePosixPath("absent"))


def _is_list(data: bytes) -> bool:
    """Pictures of every format have control characters early on; lists of names have none."""
    head = data[:_SNIFFED_BYTES]
    if head.startswith(tuple(_MARKS)):
        return True
    return all(byte >= 32 or byte in _TEXT_CONTROLS for byte in head)
