"""The two steps of a prediction: how pictures are read here, and what a model says of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

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


def look(
    model: Model, predictor: Predictor, picture: Picture, options: PredictOptions
) -> tuple[list[Finding], int, Classification | None]:
    """Findings, the number of tiles, and what a classifier says of every label."""
    if model.task == "classify":
        classification = predictor.classify(picture.pixels)
        findings = top_finding(classification.probabilities, options.confidence)
        return findings, 0, classification
    assert options.nms is not None
    findings, tiles = find_in_tiles(
        predictor,
        picture.pixels,
        confidence=options.confidence,
        nms=options.nms,
        tiles=options.tiles,
        input_size=predictor.input_size,
    )
    return findings, tiles, None
