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


def read_bytes(path: Path) -> bytes:
    """The file's bytes; an unreadable file is a `CountlabError`."""
    try:
        return path.read_bytes()
    except OSError as reason:
        raise CountlabError("no_such_file", path=path) from reason


def find_pictures(paths: Sequence[str]) -> tuple[list[Path], list[CountlabError]]:
    """The files named, the pictures of folders, the matches of patterns; and what is missing.

    Patterns are for shells that do not expand them; a folder's pictures are known by suffix.
    """
    pictures: dict[Path, None] = {}  # in the order named, without duplicates
    missing = []
    for path in paths:
        if Path(path).is_dir():
            files = sorted(Path(path).iterdir())
            matches = [file for file in files if file.suffix.lower() in PICTURE_SUFFIXES]
        elif Path(path).exists():
            matches = [Path(path)]
        else:
            names = sorted(glob.glob(path, recursive=True))  # noqa: PTH207
            matches = [Path(name) for name in names if Path(name).is_file()]
        pictures.update(dict.fromkeys(matches))
        if not matches:
            missing.append(CountlabError("no_such_file", path=path))
    return list(pictures), missing
