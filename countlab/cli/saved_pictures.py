"""The folder of `count --save`: each picture with its boxes, under the name it came with."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from countlab.cli.picture_sources import PictureSource
from countlab.errors import CountlabError

_SUFFIXES = {
    b"\xff\xd8\xff": (".jpg", ".jpeg"),
    b"\x89PNG": (".png",),
    b"RIFF": (".webp",),
    b"BM": (".bmp",),
    b"GIF8": (".gif",),
    b"II*\0": (".tif", ".tiff"),
    b"MM\0*": (".tif", ".tiff"),
}


class SavedPictures:
    """Writes below one folder; never over a picture that is counted, nor twice to one name."""

    def __init__(self, folder: Path, sources: Sequence[PictureSource]) -> None:
        self._folder = folder
        self._taken = {source.path.resolve() for source in sources if source.path}

    def save(self, source: PictureSource, drawn: bytes) -> Path:
        target = self._free_name(_with_suffix(source.saved_as, drawn))
        part = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(drawn)
            part.replace(target)
        except OSError as reason:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise CountlabError("cannot_write", path=target, reason=reason.strerror) from reason
        self._taken.add(target.resolve())
        return target

    def _free_name(self, name: PurePosixPath) -> Path:
        """`photo.jpg`, or `photo-2.jpg` where that name is taken."""
        target, number = self._folder / name, 1
        while target.resolve() in self._taken:
            number += 1
            target = self._folder / name.with_name(f"{name.stem}-{number}{name.suffix}")
        return target


def _with_suffix(name: PurePosixPath, drawn: bytes) -> PurePosixPath:
    """The suffix says what the file is, also where the original's did not."""
    for start, suffixes in _SUFFIXES.items():
        if drawn.startswith(start):
            return name if name.suffix.lower() in suffixes else name.with_suffix(suffixes[0])
    return name
