"""The two steps of a prediction: how pictures are read here, and what a model says of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from countlab.findings import Finding
from countlab.imaging.picture import Picture, read_picture
from countlab.inference.predictor import Predictor
from countlab.inference.tiling import find_in_tiles
from countlab.models.catalog import Model
from countlab.options import PredictOptions
from countlab.settings import Settings
from countlab.tasks.classification import Classification, top_finding


def reader(settings: Settings, *, guarded: bool) -> Callable[[bytes], Picture]:
    if not guarded:
        return partial(read_picture, max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
    from countlab.imaging.limited import LimitedReader

    limited = LimitedReader(
        max_bytes=settings.max_bytes,
        max_pixels=settings.max_pixels,
        memory=settings.picture_memory,
    )
    return limited.read


class Look(NamedTuple):
    """What one look at a picture gives."""

    findings: tuple[Finding, ...]
    seen: tuple[Finding, ...]
    """Down to the lowest confidence that was looked at."""
    tiles: int = 0
    classification: Classification | None = None
    """What a classifier says of every label."""


def look(
    model: Model,
    predictor: Predictor,
    picture: Picture,
    options: PredictOptions,
    *,
    lowest: float | None = None,
) -> Look:
    """What is found at the confidence asked for, and down to `lowest`, in one pass.

    NMS drops a box only for a surer one, so what is above a confidence is the same in both.
    """
    if model.task == "classify":
        classification = predictor.classify(picture.pixels)
        findings = tuple(top_finding(classification.probabilities, options.confidence))
        return Look(findings, findings, classification=classification)
    assert options.nms is not None
    confidence = options.confidence
    seen, tiles = find_in_tiles(
        predictor,
        picture.pixels,
        confidence=confidence if lowest is None else min(confidence, lowest),
        nms=options.nms,
        tiles=options.tiles,
        input_size=predictor.input_size,
    )
    findings = tuple(finding for finding in seen if finding.confidence > confidence)
    return Look(findings, tuple(seen), tiles)
