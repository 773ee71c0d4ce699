"""Picture files on this disk: which were meant, and their bytes."""

from __future__ import annotations

from pathlib import Path

from countlab.errors import CountlabError

PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


def read_bytes(picture: Path) -> bytes:
    try:
        return picture.read_bytes()
    except OSError as reason:
        raise CountlabError("no_such_file", path=picture) from reason
