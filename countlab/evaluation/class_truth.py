"""Ground truth of a classifier: pictures whose class is known, such as a folder for each class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from countlab.errors import CountlabError
from countlab.imaging.files import PICTURE_SUFFIXES, read_bytes


@dataclass(frozen=True)
class LabelledPicture:
    """A picture and its true class; its bytes are read when they are needed."""

    name: str
    label: str
    read: Callable[[], bytes]


def read_class_folders(folder: Path, labels: Sequence[str]) -> tuple[LabelledPicture, ...]:
    """A folder for each class, pictures anywhere below it; names are relative to `folder`."""
    if not folder.is_dir():
        raise CountlabError("no_such_file", path=folder)
    found = {place.name: list(_pictures(place)) for place in sorted(folder.iterdir())}
    classes = [name for name, pictures in found.items() if pictures]
    if not classes:
        raise CountlabError("no_class_folders", folder=folder, classes=list(labels))
    if unknown := [name for name in classes if name not in labels]:
        raise CountlabError("unknown_class_folder", arrived=unknown, allowed=list(labels))
    return tuple(
        LabelledPicture(path.relative_to(folder).as_posix(), name, partial(read_bytes, path))
        for name in classes
        for path in found[name]
    )


def _pictures(place: Path) -> list[Path]:
    """None for what is no folder."""
    return [path for path in sorted(place.rglob("*")) if path.suffix.lower() in PICTURE_SUFFIXES]
