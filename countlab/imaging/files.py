"""Picture files on disk."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from countlab.errors import CountlabError

PICTURE_SUFFIXES = {
    ".avif",
    ".heic",
    ".heif",
    ".jpg",
    ".jpeg",
    ".png",
    ".webp",
    ".bmp",
    ".gif",
    ".tif",
    ".tiff",
}


def read_bytes(path: Path, *, max_bytes: int | None = None) -> bytes:
    """The file's bytes; an unreadable file is a `CountlabError`, and one that is too large."""
    try:
        with path.open("rb") as file:
            data = file.read() if max_bytes is None else file.read(max_bytes + 1)
    except OSError as reason:
        raise CountlabError("no_such_file", path=path) from reason
    if max_bytes is not None and len(data) > max_bytes:
        size = path.stat().st_size
        arrived = size if size > max_bytes else f"> {max_bytes}"  # of a pipe nobody knows it
        raise CountlabError("too_many_bytes", arrived=arrived, allowed=max_bytes)
    return data


def pictures_in(folder: Path) -> list[Path]:
    """By suffix; hidden files are what systems keep beside pictures, such as `._photo.jpg`."""
    try:
        return sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
        )
    except OSError as reason:
        raise CountlabError("no_such_file", path=folder) from reason


def find_pictures(paths: Sequence[str]) -> tuple[list[Path], list[CountlabError]]:
    """The files named, the pictures of folders, the matches of patterns; and what is missing.

    Patterns are for shells that do not expand them; a folder's pictures are known by suffix.
    """
    pictures: dict[Path, None] = {}  # in the order named, without duplicates
    missing = []
    for path in paths:
        if Path(path).is_dir():
            matches = pictures_in(Path(path))
        elif Path(path).exists():
            matches = [Path(path)]
        else:
            names = sorted(glob.glob(path, recursive=True))  # noqa: PTH207
            matches = [Path(name) for name in names if Path(name).is_file()]
        pictures.update(dict.fromkeys(matches))
        if not matches:
            missing.append(CountlabError("no_such_file", path=path))
    return list(pictures), missing
