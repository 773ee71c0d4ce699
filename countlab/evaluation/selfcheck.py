"""Checks that need no truth: the same objects must be counted whatever is done to the picture.

A mirrored, padded, re-encoded or brightened picture shows as many objects as before, and two
copies side by side show twice as many. Where a model says otherwise it contradicts itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from typing_extensions import Unpack

from countlab.asked import Asked
from countlab.errors import CountlabError
from countlab.findings import count_by_label
from countlab.imaging.files import read_bytes
from countlab.imaging.picture import Pixels, write_picture
from countlab.inference.pipeline import Pipeline

_BORDER = 0.15  # of each side, in the picture's own mean colour
_BRIGHTER = 1.3
_QUALITY = 60  # of a JPEG, as messengers send them


@dataclass(frozen=True)
class Change:
    """Something done to a picture, and how many times as many objects it then shows."""

    name: str
    apply: Callable[[Pixels], bytes]
    times: int = 1


@dataclass(frozen=True)
class Contradiction:
    """`expected` follows from the count of the unchanged picture."""

    picture: str
    change: str
    object: str
    expected: int
    counted: int


@dataclass(frozen=True)
class SelfCheck:
    pictures: int
    contradictions: tuple[Contradiction, ...]
    errors: tuple[tuple[str, CountlabError], ...]

    def of(self, change: str) -> list[Contradiction]:
        return [one for one in self.contradictions if one.change == change]

    def as_json(self) -> dict[str, Any]:
        return {
            "pictures": self.pictures,
            "contradictions": [vars(one) for one in self.contradictions],
            "errors": {name: error.code for name, error in self.errors},
        }


def check(
    pipeline: Pipeline,
    pictures: Iterable[Path],
    *,
    tick: Callable[[], object] = lambda: None,
    **asked: Unpack[Asked],
) -> SelfCheck:
    """A picture that cannot be read does not stop the rest."""
    number, found, errors = 0, [], []
    settings = pipeline.settings
    roomy = Pipeline(replace(settings, max_bytes=10**9, max_pixels=4 * settings.max_pixels))
    for path in pictures:
        try:
            before = pipeline.predict(read_bytes(path), **asked)
        except CountlabError as error:
            if not error.is_about_picture:
                raise
            errors.append((str(path), error))
        else:
            number += 1
            counts = count_by_label(before.findings)
            for change in CHANGES:
                after = roomy.predict(change.apply(before.picture.pixels), **asked)
                changed = count_by_label(after.findings)
                found += _contradictions(str(path), change, counts, changed)
        tick()
    return SelfCheck(number, tuple(found), tuple(errors))


def _contradictions(
    picture: str, change: Change, before: dict[str, int], after: dict[str, int]
) -> list[Contradiction]:
    return [
        Contradiction(picture, change.name, label, expected, after.get(label, 0))
        for label in dict.fromkeys([*before, *after])
        if (expected := before.get(label, 0) * change.times) != after.get(label, 0)
    ]


def _mirrored(pixels: Pixels) -> bytes:
    return _lossless(pixels[:, ::-1])


def _padded(pixels: Pixels) -> bytes:
    down, across = (round(side * _BORDER) for side in pixels.shape[:2])
    mean = pixels.mean(axis=(0, 1)).tolist()
    return _lossless(
        cv2.copyMakeBorder(pixels, down, down, across, across, cv2.BORDER_CONSTANT, value=mean)
    )


def _reencoded(pixels: Pixels) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def _brightened(pixels: Pixels) -> bytes:
    return _lossless(np.clip(pixels * _BRIGHTER, 0, 255))


def _doubled(pixels: Pixels) -> bytes:
    return _lossless(np.hstack([pixels, pixels]))


def _lossless(pixels: Any) -> bytes:
    return write_picture(np.ascontiguousarray(pixels, np.uint8), "BMP")


CHANGES = (
    Change("mirrored", _mirrored),
    Change("padded", _padded),
    Change("re-encoded", _reencoded),
    Change("brightened", _brightened),
    Change("doubled", _doubled, times=2),
)
