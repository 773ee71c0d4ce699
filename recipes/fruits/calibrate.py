"""How sure is sure enough? The shift of objectness and the NMS threshold for counting at 0.5.

    python -m recipes.fruits.calibrate

What it proposes goes into the training file; export folds the shift into the weights, so that
0.5 means the same to everyone. The held-back photos are few, so each is looked at in sixteen views,
and the choice is cross-validated: the honest figure is counted on photos that had no say in it.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from recipes.fruits.checkpoint import trained_average
from recipes.fruits.decode import findings, rows_of
from recipes.fruits.exam import Question, held_back_photos
from recipes.fruits.feed import as_input
from recipes.fruits.network import Head, Network
from recipes.fruits.score import Row, outside_ignored, share
from recipes.fruits.settings import DEFAULT, read_settings

SHIFTS = tuple(float(s) for s in np.arange(-1.0, 1.01, 0.25))
OVERLAPS = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
FOLDS = 5

Choice = tuple[float, float]


@dataclass(frozen=True)
class Looked:
    """A question and the raw maps the network answered with."""

    question: Question
    maps: list[Tensor]
    width: int
    height: int


def look(network: Network, question: Question) -> Looked:
    """Run the network once; every shift is tried on the same maps."""
    pixels = question.pixels()
    squeezed = torch.from_numpy(cv2.resize(pixels, (network.size, network.size))[None])
    with torch.no_grad():
        maps = network(as_input(squeezed, torch.device("cpu")))
    return Looked(question, maps, pixels.shape[1], pixels.shape[0])


def counted(
    looked: Looked, heads: Sequence[Head], labels: Sequence[str], choice: Choice
) -> list[Row]:
    """The counts of one picture, had its objectness been shifted."""
    shift, nms = choice
    maps = []
    for raw, head in zip(looked.maps, heads, strict=True):
        moved = raw.clone()
        moved.view(1, len(head.anchors), -1, *raw.shape[2:])[:, :, 4] += shift
        maps.append(moved)
    rows = rows_of(maps, heads)[0]
    found = findings(rows, width=looked.width, height=looked.height, confidence=0.5, nms=nms)
    names = [labels[f.label] for f in outside_ignored(found, looked.question.rows)]
    return [
        Row(looked.question.name, label, truth, names.count(label))
        for label, truth in looked.question.counts.items()
        if truth or label in names
    ]


def best(table: dict[Choice, list[list[Row]]], among: Sequence[int]) -> Choice:
    """The choice with most exact rows; neighbours have a say, so that luck weighs less."""
    scores = {}
    for choice, rows in table.items():
        one = share([row for number in among for row in rows[number]])
        scores[choice] = one.exact / max(one.rows, 1) - 0.02 * one.error

    def smoothed(choice: Choice) -> float:
        near = [
            s
            for (shift, nms), s in scores.items()
            if abs(shift - choice[0]) < 0.3 and abs(nms - choice[1]) < 0.06
        ]
        return sum(near) / len(near) - 0.001 * abs(choice[0])

    return max(scores, key=smoothed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    settings = read_settings(parser.parse_args().config)
    network, _ = trained_average(settings.work / f"{settings.name}.pt")
    seen = [
        [look(network, view) for view in question.views()]
        for question in held_back_photos(settings)
    ]
    choices = [(shift, nms) for shift in SHIFTS for nms in OVERLAPS]
    table = {
        choice: [
            [row for one in photo for row in counted(one, network.heads, settings.labels, choice)]
            for photo in seen
        ]
        for choice in choices
    }
    for shift in SHIFTS:
        line = [share([r for rows in table[(shift, nms)] for r in rows]) for nms in OVERLAPS]
        told = "  ".join(f"{one.exact:3}/{one.rows} {one.error:.2f}" for one in line)
        print(f"shift {shift:+.2f}  {told}", flush=True)
    order = np.random.default_rng(1).permutation(len(seen))
    honest: list[Row] = []
    for fold in range(FOLDS):
        rest = [int(n) for at, n in enumerate(order) if at % FOLDS != fold]
        choice = best(table, rest)
        honest += [row for n in order[fold::FOLDS] for row in table[choice][int(n)]]
    print(f"columns: NMS {', '.join(map(str, OVERLAPS))}")
    fair, plain = share(honest), share([r for rows in table[(0.0, settings.nms)] for r in rows])
    chosen = best(table, range(len(seen)))
    print(f"as trained: {plain.exact} of {plain.rows} rows exact, mean error {plain.error:.2f}")
    print(f"cross-validated: {fair.exact} of {fair.rows} exact, mean error {fair.error:.2f}")
    print(f"for the training file: shift = {chosen[0]:g}, nms = {chosen[1]:g}")


if __name__ == "__main__":
    main()
