"""Pictures with labels, read once into memory in the size that training wants.

A picture is decoded by the reader that the server uses and fitted by the function that the server
uses, so a picture looks the same to a network while it learns and when it serves.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from countlab.errors import CountlabError
from countlab.imaging.fingerprint import Fingerprint, fingerprint
from countlab.imaging.picture import Pixels, read_picture
from countlab.training.preprocessing import fit_picture

Bytes = npt.NDArray[np.uint8]

MAX_BYTES, MAX_PIXELS = 50_000_000, 100_000_000
_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}


AS_IS = (0, 0)


@dataclass(frozen=True)
class Example:
    """One picture: as the server would feed it, and a little larger to cut views from."""

    name: str
    label: int
    digest: str
    """SHA-256 of the file, or of the pixels where many pictures share a file."""
    fitted: Bytes
    stored: Bytes
    fingerprint: Fingerprint | None = None
    """Tells pictures that look alike; none where the source says itself what is for judging."""
    part: str | None = None
    """`train`, `validation` or `test` where the source itself says so."""
    group: str = ""
    """Pictures of one group, such as shots of one package, go to the same part."""


@dataclass(frozen=True)
class Form:
    """How pictures are laid: the network's input, the stored size, grey or not, cropped or not."""

    size: tuple[int, int]
    """AS_IS leaves a picture as large as it is."""
    stored: tuple[int, int]
    grey: bool = False
    crop: str = "none"


def read_folder(
    folder: Path, classes: Sequence[str], form: Form, *, each: Callable[[], None] = lambda: None
) -> list[Example]:
    """A folder a class, pictures anywhere below it; what cannot be read is an error by name."""
    found = list(_files(folder, classes))
    if not found:
        raise CountlabError("no_training_pictures", folder=folder, classes=list(classes))

    def read(entry: tuple[int, Path]) -> Example:
        label, path = entry
        each()
        return read_file(path, label, form, name=path.relative_to(folder).as_posix())

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(read, found))


def class_names(folder: Path) -> tuple[str, ...]:
    """The folders that hold pictures, by name: the classes of one's own data."""
    names = (
        sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    )
    return tuple(name for name in names if any(True for _ in pictures_below(folder / name)))


def read_file(path: Path, label: int, form: Form, *, name: str) -> Example:
    data = path.read_bytes()
    try:
        picture = read_picture(data, max_bytes=MAX_BYTES, max_pixels=MAX_PIXELS)
    except CountlabError as error:
        raise CountlabError("bad_training_picture", file=path, reason=error) from error
    return example(picture.pixels, label, form, name=name, digest=hashlib.sha256(data).hexdigest())


def example(
    pixels: Pixels, label: int, form: Form, *, name: str, digest: str, part: str | None = None
) -> Example:
    """From upright pixels, as OpenCV has them."""
    fitted = _laid(pixels, form.size, form)
    stored = fitted if form.stored == form.size else _laid(pixels, form.stored, form)
    mark = fingerprint(pixels) if part is None else None
    return Example(name, label, digest, fitted, stored, mark, part)


def read_mnist(
    folder: Path, form: Form, *, limit: int | None = None, invert: bool = False
) -> list[Example]:
    """MNIST's four idx files; its own test set stays a test set.

    `limit` takes so many of each digit; `invert` makes them black on white, the test set alone.
    """
    examples = []
    for part, prefix in (("train", "train"), ("test", "t10k"))[invert:]:
        pictures = _idx(folder / f"{prefix}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
        labels = _idx(folder / f"{prefix}-labels-idx1-ubyte.gz", 8)
        chosen: Sequence[int] = range(len(labels))
        if limit:
            kinds = [np.flatnonzero(labels == digit)[:limit] for digit in range(10)]
            chosen = sorted(int(at) for kind in kinds for at in kind)
        for at in chosen:
            picture, label = pictures[at] ^ (255 if invert else 0), labels[at]
            pixels: Any = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
            digest = hashlib.sha256(picture.tobytes()).hexdigest()
            name = f"mnist/{prefix}/{at:05}"
            examples.append(example(pixels, int(label), form, name=name, digest=digest, part=part))
    return examples


def _laid(pixels: Pixels, size: tuple[int, int], form: Form) -> Bytes:
    if size == AS_IS:
        return np.ascontiguousarray(pixels[:, :, ::-1])
    picture = fit_picture(pixels, size=size, crop=form.crop)
    return picture[:, :, :1] if form.grey and form.crop == "digit" else picture


def _idx(path: Path, header: int) -> Bytes:
    if not path.is_file():
        raise CountlabError("no_training_pictures", folder=path.parent, classes=[path.name])
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


def _files(folder: Path, classes: Sequence[str]) -> Iterator[tuple[int, Path]]:
    for label, name in enumerate(classes):
        for path in pictures_below(folder / name):
            yield label, path


def pictures_below(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (p for p in sorted(folder.rglob("*")) if p.suffix.lower() in _ENDINGS)
