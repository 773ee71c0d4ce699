"""Boxes that people drew, as YOLO writes them, so that other tools and `evaluate` read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from countlab.datasets.folder import BOXES, CLASSES, PICTURES
from countlab.datasets.reviews import ReviewBox
from countlab.system.file_lock import locked
from countlab.system.whole_file import write_whole


def write_boxes(folder: Path, file: str, boxes: Sequence[ReviewBox]) -> None:
    """One text file a picture; an empty one says that there is nothing."""
    with locked(folder / f".{CLASSES}.lock"):
        names = _names(folder, [box.label for box in boxes])
    lines = [f"{names.index(box.label)} {_shares(box)}\n" for box in boxes]
    write_whole(_path(folder, file), "".join(lines).encode())


def read_boxes(folder: Path, file: str) -> tuple[ReviewBox, ...] | None:
    """None where nobody has said anything, or what is there is not understood."""
    try:
        lines = _path(folder, file).read_text(encoding="utf-8").splitlines()
        return tuple(_box(line, _known(folder)) for line in lines if line.strip())
    except (OSError, ValueError, IndexError):
        return None


def _path(folder: Path, file: str) -> Path:
    return folder / BOXES / PurePosixPath(file.removeprefix(f"{PICTURES}/")).with_suffix(".txt")


def _box(line: str, names: Sequence[str]) -> ReviewBox:
    number, *shares = line.split()
    x, y, width, height = map(float, shares)
    edges = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    left, top, right, bottom = (min(1.0, max(0.0, round(edge, 6))) for edge in edges)
    return ReviewBox(names[int(number)], left, top, right, bottom)


def _known(folder: Path) -> list[str]:
    path = folder / CLASSES
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []


def _names(folder: Path, used: Sequence[str]) -> list[str]:
    """The labels by number; new ones come last, so that earlier files keep their meaning."""
    path, names = folder / CLASSES, _known(folder)
    new = [name for name in dict.fromkeys(used) if name not in names]
    if new or not path.is_file():
        write_whole(path, "".join(f"{name}\n" for name in [*names, *new]).encode())
    return [*names, *new]


def _shares(box: ReviewBox) -> str:
    values = (
        (box.left + box.right) / 2,
        (box.top + box.bottom) / 2,
        box.right - box.left,
        box.bottom - box.top,
    )
    return " ".join(f"{value:.6f}" for value in values)
