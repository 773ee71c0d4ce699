"""The pictures of a dataset's folder, read within limits: they come from strangers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from countlab.datasets.folder import BOXES, PICTURES, file_below
from countlab.errors import CountlabError
from countlab.imaging.files import PICTURE_SUFFIXES, read_bytes
from countlab.imaging.headers import Header
from countlab.imaging.limited import LimitedReader
from countlab.imaging.picture import Pixels, check_picture

_MAX_BYTES, _MAX_PIXELS, _MEMORY = 50_000_000, 100_000_000, 1_000_000_000


@dataclass(frozen=True)
class PictureFile:
    """One picture: its path below the folder, and how to get at it."""

    folder: Path
    file: str

    def data(self) -> bytes:
        return read_bytes(file_below(self.folder, self.file))

    def digest(self) -> str:
        return hashlib.sha256(self.data()).hexdigest()

    def header(self) -> Header:
        """Format and size, without decoding."""
        return check_picture(self.data(), max_bytes=_MAX_BYTES, max_pixels=_MAX_PIXELS)

    def pixels(self) -> Pixels:
        return _reader().read(self.data()).pixels


def find_dataset_pictures(folder: Path, named: Sequence[str] = ()) -> list[PictureFile]:
    """All pictures below the folder, and those that labels name, each once."""
    if not folder.is_dir():
        raise CountlabError("no_such_file", path=folder)
    root = folder / PICTURES if (folder / PICTURES).is_dir() else folder
    found = {
        path.relative_to(folder).as_posix()
        for path in root.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
    }
    found = {file for file in found if not file.startswith(f"{BOXES}/")}
    found |= {file for file in named if file_below(folder, file).is_file()}
    if not found:
        raise CountlabError("dataset_without_pictures", folder=folder)
    return [PictureFile(folder, file) for file in sorted(found)]


@cache
def _reader() -> LimitedReader:
    return LimitedReader(max_bytes=_MAX_BYTES, max_pixels=_MAX_PIXELS, memory=_MEMORY)
