"""Metamorphic checks without ground truth: counts before and after a change of the picture.

A mirrored, padded, re-encoded or brightened picture shows as many objects as before, and two
copies side by side show twice as many. A model that counts otherwise contradicts itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from countlab.errors import CountlabError
from countlab.findings import count_by_label
from countlab.imaging.files import read_bytes
from countlab.imaging.picture import Pixels, write_picture
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions

_BORDER = 0.15  # fraction of each side, filled with the picture's mean color
_BRIGHTNESS = 1.3
_JPEG_QUALITY = 60  # about what messengers send


@dataclass(frozen=True)
class Change:
    """A change of a picture that multiplies its objects by `factor`."""

    name: str
    apply: Callable[[Pixels], bytes]
    factor: int = 1


@dataclass(frozen=True)
class Contradiction:
    """A count after a change that differs from what the unchanged picture's count implies."""

    picture: str
    change: str
    object: str
    expected: int
    counted: int


@dataclass(frozen=True)
class SelfCheck:
    """All contradictions; `pictures` is how many were checked, `errors` those that were not."""

    pictures: int
    contradictions: tuple[Contradiction, ...]
    errors: tuple[tuple[str, CountlabError], ...]

    def contradictions_of(self, change: str) -> list[Contradiction]:
        return [entry for entry in self.contradictions if entry.change == change]

    def as_json(self) -> dict[str, Any]:
        return {
            "pictures": self.pictures,
            "contradictions": [vars(entry) for entry in self.contradictions],
            "errors": {name: error.code for name, error in self.errors},
        }


def run_selfcheck(
    pipeline: Pipeline,
    pictures: Iterable[Path],
    *,
    on_progress: Callable[[], object] = lambda: None,
    options: PredictOptions | None = None,
) -> SelfCheck:
    """A picture that cannot be read does not stop the rest; `on_progress` is called after each."""
    checked, contradictions, errors = 0, [], []
    settings = pipeline.settings
    # Changed pictures are larger, and uncompressed: they must not meet the usual limits.
    unlimited = Pipeline(replace(settings, max_bytes=10**9, max_pixels=4 * settings.max_pixels))
    for path in pictures:
        try:
            before = pipeline.predict(read_bytes(path), options)
        except CountlabError as error:
            if not error.is_about_picture:
                raise
            errors.append((str(path), error))
        else:
            checked += 1
            counts = count_by_label(before.findings)
            for change in CHANGES:
                after = unlimited.predict(change.apply(before.picture.pixels), options)
                changed_counts = count_by_label(after.findings)
                contradictions += _contradictions(str(path), change, counts, changed_counts)
        on_progress()
    return SelfCheck(checked, tuple(contradictions), tuple(errors))


def _contradictions(
    picture: str, change: Change, before: dict[str, int], after: dict[str, int]
) -> list[Contradiction]:
    return [
        Contradiction(picture, change.name, label, expected, after.get(label, 0))
        for label in dict.fromkeys([*before, *after])
        if (expected := before.get(label, 0) * change.factor) != after.get(label, 0)
    ]


def _mirror(pixels: Pixels) -> bytes:
    return _encode_lossless(pixels[:, ::-1])


def _pad(pixels: Pixels) -> bytes:
    y, x = (round(side * _BORDER) for side in pixels.shape[:2])
    mean = pixels.mean(axis=(0, 1)).tolist()
    return _encode_lossless(cv2.copyMakeBorder(pixels, y, y, x, x, cv2.BORDER_CONSTANT, value=mean))


def _reencode(pixels: Pixels) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()


def _brighten(pixels: Pixels) -> bytes:
    return _encode_lossless(np.clip(pixels * _BRIGHTNESS, 0, 255))


def _double(pixels: Pixels) -> bytes:
    return _encode_lossless(np.hstack([pixels, pixels]))


def _encode_lossless(pixels: Any) -> bytes:
    return write_picture(np.ascontiguousarray(pixels, np.uint8), "BMP")


CHANGES = (
    Change("mirrored", _mirror),
    Change("padded", _pad),
    Change("re-encoded", _reencode),
    Change("brightened", _brighten),
    Change("doubled", _double, factor=2),
)
