"""Calibration: the objectness shift and NMS threshold that make 0.5 the right confidence.

    python -m recipes.fruits.calibrate

Prints values for the configuration file; export folds the shift into the weights, so 0.5 means the
same everywhere. The held-back photos are few, so each is evaluated in sixteen views and the choice
is cross-validated: the reported figure comes only from photos that did not influence the choice.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from recipes.fruits.batches import to_input
from recipes.fruits.checkpoint import load_average
from recipes.fruits.decode import select_detections, to_rows
from recipes.fruits.evaluation_set import EvaluationPicture, held_back_photos
from recipes.fruits.metrics import CountRow, drop_ignored, summarize
from recipes.fruits.network import Head, Network
from recipes.fruits.settings import DEFAULT_CONFIG, read_settings

SHIFTS = tuple(float(s) for s in np.arange(-1.0, 1.01, 0.25))
NMS_THRESHOLDS = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
FOLDS = 5

Choice = tuple[float, float]


@dataclass(frozen=True)
class RawOutput:
    """An evaluation picture and the network's raw output maps for it."""

    picture: EvaluationPicture
    maps: list[Tensor]
    width: int
    height: int


def run_network(network: Network, picture: EvaluationPicture) -> RawOutput:
    """Run the network once; every shift is then tried on the same maps."""
    pixels = picture.pixels()
    resized = torch.from_numpy(cv2.resize(pixels, (network.size, network.size))[None])
    with torch.no_grad():
        maps = network(to_input(resized, torch.device("cpu")))
    return RawOutput(picture, maps, pixels.shape[1], pixels.shape[0])


def count_shifted(
    output: RawOutput, heads: Sequence[Head], labels: Sequence[str], choice: Choice
) -> list[CountRow]:
    """Counts in one picture if its objectness were shifted by `choice`."""
    shift, nms = choice
    maps = []
    for raw, head in zip(output.maps, heads, strict=True):
        shifted = raw.clone()
        shifted.view(1, len(head.anchors), -1, *raw.shape[2:])[:, :, 4] += shift
        maps.append(shifted)
    rows = to_rows(maps, heads)[0]
    detections = select_detections(
        rows, width=output.width, height=output.height, confidence=0.5, nms=nms
    )
    names = [labels[detection.label] for detection in drop_ignored(detections, output.picture.rows)]
    return [
        CountRow(output.picture.name, label, truth, names.count(label))
        for label, truth in output.picture.counts.items()
        if truth or label in names
    ]


def best_choice(table: dict[Choice, list[list[CountRow]]], photos: Sequence[int]) -> Choice:
    """The choice with the most exact rows, averaged over neighboring choices to reduce chance."""
    scores = {}
    for choice, rows in table.items():
        summary = summarize([row for photo in photos for row in rows[photo]])
        scores[choice] = summary.exact / max(summary.rows, 1) - 0.02 * summary.error

    def smoothed(choice: Choice) -> float:
        neighbors = [
            score
            for (shift, nms), score in scores.items()
            if abs(shift - choice[0]) < 0.3 and abs(nms - choice[1]) < 0.06
        ]
        return sum(neighbors) / len(neighbors) - 0.001 * abs(choice[0])

    return max(scores, key=smoothed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    settings = read_settings(parser.parse_args().config)
    network, _ = load_average(settings.work / f"{settings.name}.pt")
    outputs = [
        [run_network(network, view) for view in picture.views()]
        for picture in held_back_photos(settings)
    ]
    choices = [(shift, nms) for shift in SHIFTS for nms in NMS_THRESHOLDS]
    table = {
        choice: [
            [
                row
                for view in photo
                for row in count_shifted(view, network.heads, settings.labels, choice)
            ]
            for photo in outputs
        ]
        for choice in choices
    }
    for shift in SHIFTS:
        summaries = [
            summarize([row for rows in table[(shift, nms)] for row in rows])
            for nms in NMS_THRESHOLDS
        ]
        figures = "  ".join(
            f"{summary.exact:3}/{summary.rows} {summary.error:.2f}" for summary in summaries
        )
        print(f"shift {shift:+.2f}  {figures}", flush=True)
    order = np.random.default_rng(1).permutation(len(outputs))
    held_out: list[CountRow] = []
    for fold in range(FOLDS):
        others = [int(photo) for position, photo in enumerate(order) if position % FOLDS != fold]
        choice = best_choice(table, others)
        held_out += [row for photo in order[fold::FOLDS] for row in table[choice][int(photo)]]
    print(f"columns: NMS {', '.join(map(str, NMS_THRESHOLDS))}")
    validated, uncalibrated = (
        summarize(held_out),
        summarize([row for rows in table[(0.0, settings.nms)] for row in rows]),
    )
    chosen = best_choice(table, range(len(outputs)))
    print(
        f"as trained: {uncalibrated.exact} of {uncalibrated.rows} rows exact, "
        f"mean error {uncalibrated.error:.2f}"
    )
    print(
        f"cross-validated: {validated.exact} of {validated.rows} exact, "
        f"mean error {validated.error:.2f}"
    )
    print(f"for the training file: shift = {chosen[0]:g}, nms = {chosen[1]:g}")


if __name__ == "__main__":
    main()
