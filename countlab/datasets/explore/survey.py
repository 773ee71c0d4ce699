"""Every picture of a dataset read once: size, brightness, content, likeness, label, part."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from countlab.datasets.folder import PICTURES
from countlab.datasets.labels import is_dataset, labels_that_hold, read_rows
from countlab.datasets.pictures import PictureFile, find_dataset_pictures
from countlab.errors import CountlabError
from countlab.imaging.fingerprint import Fingerprint, fingerprint
from countlab.imaging.picture import Pixels
from countlab.system.cpu import cores

_THUMB_PX = 176


@dataclass(frozen=True)
class Surveyed:
    """What is known of one picture."""

    file: str
    label: str
    """Empty where it has none."""
    part: str
    """Of the split; empty where there is none."""
    format: str
    width: int
    height: int
    bytes: int
    digest: str
    brightness: float
    """Mean of the grey picture, 0 to 1."""
    fingerprint: Fingerprint
    thumb: Pixels


@dataclass(frozen=True)
class Survey:
    """All pictures that could be read, and why the others could not."""

    folder: Path
    pictures: tuple[Surveyed, ...]
    unreadable: tuple[tuple[str, CountlabError], ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted({each.label for each in self.pictures if each.label}))

    @property
    def has_split(self) -> bool:
        return any(each.part for each in self.pictures)


def survey(
    folder: Path,
    *,
    split: Path | None = None,
    each: Callable[[], None] = lambda: None,
    number: Callable[[int], None] = lambda _: None,
) -> Survey:
    """`split` has digest and part of each picture, as training writes it."""
    labels, parts = _labels(folder), _parts(folder)
    dealt = _dealt(split or folder / "split.csv", required=split is not None)
    found = find_dataset_pictures(folder, named=list(labels))
    number(len(found))

    def look(picture: PictureFile) -> Surveyed | tuple[str, CountlabError]:
        each()
        label = labels.get(picture.file, "") if is_dataset(folder) else _class_folder(picture.file)
        try:
            return _surveyed(picture, label, parts.get(picture.file, ""), dealt)
        except CountlabError as error:
            return picture.file, error

    with ThreadPoolExecutor(max(1, min(4, cores()))) as pool:
        results = list(pool.map(look, found))
    return Survey(
        folder,
        tuple(result for result in results if isinstance(result, Surveyed)),
        tuple(result for result in results if not isinstance(result, Surveyed)),
    )


def _surveyed(picture: PictureFile, label: str, part: str, dealt: dict[str, str]) -> Surveyed:
    data, header, pixels = picture.data(), picture.header(), picture.pixels()
    digest = hashlib.sha256(data).hexdigest()
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))
    return Surveyed(
        file=picture.file,
        label=label,
        part=part or dealt.get(digest, ""),
        format=header.format,
        width=int(pixels.shape[1]),
        height=int(pixels.shape[0]),
        bytes=len(data),
        digest=digest,
        brightness=float(grey.mean()) / 255,
        fingerprint=fingerprint(pixels),
        thumb=_thumb(pixels),
    )


def _thumb(pixels: Pixels) -> Pixels:
    scale = min(1.0, _THUMB_PX / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _labels(folder: Path) -> dict[str, str]:
    return {file: row.label for file, row in labels_that_hold(folder).items()}


def _parts(folder: Path) -> dict[str, str]:
    return {row.file: row.more.get("part", "") for row in read_rows(folder)}


def _class_folder(file: str) -> str:
    """A folder a class; loose pictures have no label."""
    first, slash, _ = file.partition("/")
    return first if slash and first != PICTURES else ""


def _dealt(path: Path, *, required: bool) -> dict[str, str]:
    if not path.is_file():
        if required:
            raise CountlabError("no_such_file", path=path)
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not {"digest", "part"} <= set(reader.fieldnames or ()):
            raise CountlabError("bad_split", path=path, arrived=list(reader.fieldnames or ()))
        return {row["digest"]: row["part"] for row in reader}


def part_counts(pictures: Sequence[Surveyed]) -> dict[str, int]:
    parts = dict.fromkeys(sorted({each.part for each in pictures if each.part}), 0)
    for each in pictures:
        if each.part:
            parts[each.part] += 1
    return parts
