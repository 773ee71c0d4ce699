"""Kept pictures of a version, and what it answered when it was published.

Another machine that opens the version asks it the same, and must hear nearly the same: files can
be whole and still not be understood alike by another library or processor.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from countlab.errors import CountlabError
from countlab.findings import count_by_label
from countlab.imaging.picture import Pixels, read_picture, write_picture
from countlab.inference.predictor import Predictor
from countlab.models.entry import Model

CHECKS, EXPECTED = "checks.zip", "expected.json"  # one file: a store is asked once for all
KEPT_PICTURES = 8
_TOLERANCE = 0.05  # of a probability: bf16 stays below it
_CONFIDENCE = 0.5
_MAX_BYTES, _MAX_PIXELS = 25_000_000, 51_000_000


def write_checks(
    predictor: Predictor, model: Model, pictures: Sequence[bytes], folder: Path
) -> None:
    """Keeps a few pictures with the answers of now; drawn ones where there are no others."""
    expected = []
    with ZipFile(folder / CHECKS, "w") as archive:
        for number, data in enumerate(list(pictures)[:KEPT_PICTURES] or drawn_pictures()):
            name = f"{number}.png"
            pixels = _read(data)
            archive.writestr(name, write_picture(pixels, "PNG"))
            expected.append({"file": name, **_answer(predictor, model, pixels)})
        archive.writestr(EXPECTED, json.dumps(expected, indent=1, ensure_ascii=False))


def check_answers(predictor: Predictor, model: Model, folder: Path) -> int:
    """How many kept pictures are answered as then; the first that is not is an error."""
    if not (folder / CHECKS).is_file():
        return 0
    with ZipFile(folder / CHECKS) as archive:
        expected = json.loads(archive.read(EXPECTED))
        for entry in expected:
            now = _answer(predictor, model, _read(archive.read(entry["file"])))
            if not _agree(entry, now):
                raise CountlabError(
                    "answers_differ", model=model.name, file=entry["file"], then=_short(entry),
                    now=_short(now),
                )  # fmt: skip
    return len(expected)


def _answer(predictor: Predictor, model: Model, pixels: Pixels) -> dict[str, Any]:
    if model.task == "classify":
        found = predictor.classify(pixels).probabilities
        return {"probabilities": {label: round(value, 6) for label, value in found.items()}}
    findings = predictor.find(pixels, confidence=_CONFIDENCE, nms=model.nms)
    return {"counts": count_by_label(findings)}


def _agree(then: dict[str, Any], now: dict[str, Any]) -> bool:
    """Counts may differ by one: a finding can stand at the threshold."""
    if "probabilities" in then:
        tolerance, before, after = _TOLERANCE, then["probabilities"], now.get("probabilities", {})
    else:
        tolerance, before, after = 1.0, then["counts"], now.get("counts", {})
    if "probabilities" in then and set(before) != set(after):
        return False
    labels = set(before) | set(after)
    return all(abs(before.get(one, 0) - after.get(one, 0)) <= tolerance for one in labels)


def _short(answer: dict[str, Any]) -> str:
    values = answer.get("probabilities") or answer.get("counts") or {}
    return ", ".join(f"{label} {value:g}" for label, value in list(values.items())[:3]) or "0"


def _read(data: bytes) -> Pixels:
    return read_picture(data, max_bytes=_MAX_BYTES, max_pixels=_MAX_PIXELS).pixels


def drawn_pictures() -> list[bytes]:
    """Shapes and noise, the same everywhere."""
    import cv2

    random = np.random.default_rng(20)
    pictures = []
    for number in range(4):
        pixels = random.integers(0, 80, (160, 200, 3)).astype(np.uint8)
        color = tuple(int(value) for value in random.integers(120, 255, 3))
        cv2.circle(pixels, (60 + 25 * number, 80), 20 + 10 * number, color, -1 if number % 2 else 6)
        cv2.line(pixels, (20, 20 + 30 * number), (180, 140 - 20 * number), color, 8)
        pictures.append(write_picture(pixels, "PNG"))
    return pictures
