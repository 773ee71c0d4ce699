"""The course's pictures, recognized also after they were saved anew."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from countlab.errors import CountlabError
from countlab.grading.pictures.reference import KINDS
from countlab.imaging.picture import read_picture

_SMALL = 24
_NEAR = 3.0  # mean difference of two small grey pictures, of 255


class KnownPictures:
    """A folder with pictures and a `truth.csv`, also in folders below it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: dict[str, str | None] = {}

    @cached_property
    def files(self) -> Mapping[Path, dict[str, int]]:
        """Each picture that a truth.csv names, with how many of each kind are in it."""
        found: dict[Path, dict[str, int]] = {}
        for truth in sorted(self.folder.rglob("truth.csv")):
            with truth.open(newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    entry = found.setdefault(truth.parent / row["file"], dict.fromkeys(KINDS, 0))
                    entry[row["object"]] = int(row["count"])
        return {path: counts for path, counts in found.items() if path.is_file()}

    @cached_property
    def counts(self) -> Mapping[str, dict[str, int]]:
        """The same by the file's name alone."""
        return {path.name: counts for path, counts in self.files.items()}

    @cached_property
    def _by_hash(self) -> dict[str, str]:
        return {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in self.files}

    @cached_property
    def _small(self) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        found = {path.name: _shrunk(path.read_bytes()) for path in self.files}
        return {name: small for name, small in found.items() if small is not None}

    def name(self, data: bytes) -> str | None:
        """Which of the pictures it is; None for one that is not among them."""
        digest = hashlib.sha256(data).hexdigest()
        if digest in self._by_hash:
            return self._by_hash[digest]
        if digest not in self._names:
            self._names[digest] = self._resembled(data)
        return self._names[digest]

    def _resembled(self, data: bytes) -> str | None:
        small = _shrunk(data)
        if small is None:
            return None
        near = {name: float(np.abs(other - small).mean()) for name, other in self._small.items()}
        best = min(near, key=near.__getitem__, default=None)
        return best if best is not None and near[best] < _NEAR else None


def _shrunk(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
    try:
        pixels = read_picture(data, max_bytes=20_000_000, max_pixels=40_000_000).pixels
    except CountlabError:
        return None
    grey = cv2.cvtColor(np.asarray(pixels), cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
