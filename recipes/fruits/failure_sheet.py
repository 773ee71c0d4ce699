"""Failure sheet: the rendered pictures with the largest counting errors, with boxes drawn."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from countlab.findings import Box, Finding
from countlab.imaging.annotate import draw
from recipes.fruits.evaluation_set import rendered_pictures
from recipes.fruits.metrics import CountRow
from recipes.fruits.opencv_detector import Detector

TILE = (640, 480)  # width and height of a picture on the sheet


def write_failure_sheet(
    detector: Detector, rows: Sequence[CountRow], path: Path, *, max_pictures: int = 4
) -> list[str]:
    """Draw the rendered pictures with the largest errors on one sheet; returns descriptions."""
    error_by_picture: dict[str, int] = {}
    for row in rows:
        error_by_picture[row.picture] = error_by_picture.get(row.picture, 0) + abs(
            row.truth - row.counted
        )
    worst_names = [
        name
        for name in sorted(error_by_picture, key=lambda name: (-error_by_picture[name], name))
        if error_by_picture[name]
    ][:max_pictures]
    tiles, descriptions = [], []
    by_name = {picture.name: picture for picture in rendered_pictures()}
    for name in worst_names:
        wrong_rows = [row for row in rows if row.picture == name and row.truth != row.counted]
        mistakes = ", ".join(
            f"{row.truth} {row.label} counted as {row.counted}" for row in wrong_rows
        )
        descriptions.append(f"`{name}`: {mistakes}")
        tiles.append(_annotate(detector, by_name[name].pixels()))
    path.unlink(missing_ok=True)
    if tiles:
        pairs = [np.hstack(tiles[index : index + 2]) for index in range(0, len(tiles) - 1, 2)]
        cv2.imwrite(str(path), np.vstack(pairs or tiles), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return descriptions


def _annotate(detector: Detector, pixels: np.ndarray) -> np.ndarray:
    """The picture annotated as the server would return it."""
    findings = [
        Finding(detector.labels[detection.label], detection.score, Box(x, y, x + w, y + h))
        for detection in detector.find(pixels)
        for x, y, w, h in [detection.box]
    ]
    return cv2.resize(draw(pixels, findings), TILE, interpolation=cv2.INTER_AREA)
