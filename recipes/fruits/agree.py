"""Do torch and the exported files, run by cvlib, give the same boxes?

python -m recipes.fruits.agree --pictures 50
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from countlab.engines import open_engine
from countlab.models.catalog import read_catalog
from countlab.models.store import Store
from recipes.fruits.checkpoint import trained_average
from recipes.fruits.decode import Found, findings, rows_of
from recipes.fruits.exam import held_back_photos, rendered, without_fruit
from recipes.fruits.export import write_model
from recipes.fruits.feed import as_input
from recipes.fruits.labels import read_picture
from recipes.fruits.network import Network
from recipes.fruits.reference import SIDE
from recipes.fruits.settings import DEFAULT, Settings, read_settings

PIXELS = 2  # a box may differ by this much: its parts are cut to whole pixels, not rounded
SCORE = 1e-3

Find = Callable[[np.ndarray, float], list[Found]]


@dataclass(frozen=True)
class Agreement:
    """Pictures compared, boxes seen, and the pictures whose boxes differ by more than allowed."""

    pictures: int
    boxes: int
    largest_score_gap: float
    differing: int


def agreement(
    network: Network,
    find: Find,
    pictures: Sequence[np.ndarray],
    *,
    nms: float,
    confidence: float = 0.5,
) -> Agreement:
    """Ask both about every picture and compare box by box."""
    boxes, gap, differing = 0, 0.0, 0
    for picture in pictures:
        mine = torch_find(network, picture, confidence=confidence, nms=nms)
        theirs = find(picture, confidence)
        boxes += len(theirs)
        if len(mine) != len(theirs) or not all(map(_close, mine, theirs)):
            differing += 1
        for one, other in zip(mine, theirs, strict=False):
            gap = max(gap, abs(one.score - other.score))
    return Agreement(len(pictures), boxes, gap, differing)


def torch_find(
    network: Network, picture: np.ndarray, *, confidence: float, nms: float
) -> list[Found]:
    """What the network finds in torch, by the same steps."""
    squeezed = torch.from_numpy(cv2.resize(picture, (SIDE, SIDE))[None])
    with torch.no_grad():
        maps = network(as_input(squeezed, torch.device("cpu")))
    height, width = picture.shape[:2]
    rows = rows_of(maps, network.heads)[0]
    return findings(rows, width=width, height=height, confidence=confidence, nms=nms)


def cvlib_find(settings: Settings, folder: Path) -> Find:
    """The exported model, through the lab's own catalog and the real cvlib."""
    model = read_catalog(folder.parent).find(settings.name)
    engine = open_engine("cvlib", model, Store().files(model))

    def find(picture: np.ndarray, confidence: float) -> list[Found]:
        answers = engine.find(picture, confidence=confidence, nms=settings.nms)
        return [
            Found(
                settings.labels.index(one.label),
                one.confidence,
                (box.left, box.top, box.right - box.left, box.bottom - box.top),
            )
            for one in answers
            if (box := one.box)
        ]

    return find


def _close(one: Found, other: Found) -> bool:
    far = max(abs(a - b) for a, b in zip(one.box, other.box, strict=True))
    return one.label == other.label and far <= PIXELS and abs(one.score - other.score) <= SCORE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    parser.add_argument("--pictures", type=int, default=50)
    said = parser.parse_args()
    settings = read_settings(said.config)
    network, cfg_text = trained_average(settings.work / f"{settings.name}.pt")
    folder = settings.work / "agree" / settings.name
    write_model(network, cfg_text, settings, folder)
    paths = [q.path for q in [*rendered(), *held_back_photos(settings)]]
    for some in without_fruit(settings):
        paths += some
    pictures = [read_picture(path) for path in paths[: said.pictures]]
    found = agreement(network, cvlib_find(settings, folder), pictures, nms=settings.nms)
    print(
        f"{found.pictures} pictures, {found.boxes} boxes: {found.differing} differ by more than "
        f"{PIXELS} px or {SCORE:g}; largest score gap {found.largest_score_gap:.1e}"
    )


if __name__ == "__main__":
    main()
