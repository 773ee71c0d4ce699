"""Looking at overlapping tiles of a picture: more objects than one pass can hold.

Each object is judged by the pass that sees it best: a small one by the tiles, a large one by the
pass over the whole picture, one in between by both. What both see, or two tiles, counts once.
Knows pixels, boxes and an engine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from itertools import product
from statistics import median

from countlab.engines import Engine
from countlab.errors import CountlabError
from countlab.findings import Box, Finding
from countlab.imaging.picture import Pixels
from countlab.inference.merging import Sight, length, merge, weigh
from countlab.system.cpu import cores
from countlab.system.deadline import check_deadline

OFF, AUTO = "off", "auto"
MOST_ALONG = 8
CHOICES = (OFF, AUTO, *(str(along) for along in range(2, MOST_ALONG + 1)))
"""A number is that of tiles along the longer side."""

_OVERLAP = 0.25  # of a tile's side, shared with the next one
_MARGIN = 0.03  # of a tile's side: a box that ends nearer to a seam may be a part of an object
# Pixels of the network's input: of shorter objects a look at the whole picture misses many that
# a closer one finds; of longer ones none, and only the closer look takes other things for them.
_HARDLY, _WELL = 24.0, 48.0
_SMALL = 32.0  # pixels of the network's input; the detectors here begin to miss what is smaller
_WELL_SEEN = 64.0  # what `auto` enlarges small objects to
_LARGE = 2.0  # a picture less than twice as long as the network's input holds little more than it


def check_tiles(arrived: str | int | None) -> str:
    choice = OFF if arrived is None else str(arrived)
    if choice not in CHOICES:
        raise CountlabError("unknown_tiles", arrived=arrived, known=CHOICES)
    return choice


@dataclass(frozen=True)
class Grid:
    """How tiles lie on a picture; they are squares, except where the picture is narrower."""

    width: int
    height: int
    side: float
    tiles: tuple[Box, ...]

    @property
    def reach(self) -> float:
        """An object up to this long is whole in some tile, away from its seams."""
        return self.side * (_OVERLAP - 2 * _MARGIN)

    def cuts(self, tile: Box, box: Box) -> bool:
        """Whether the box ends at a seam, and not at the picture's own edge."""
        margin = self.side * _MARGIN
        return (
            0 < tile.left > box.left - margin
            or 0 < tile.top > box.top - margin
            or self.width > tile.right < box.right + margin
            or self.height > tile.bottom < box.bottom + margin
        )


def make_grid(width: int, height: int, *, along: int, least: int) -> Grid:
    """So many tiles along the longer side, fewer where they would be smaller than `least`."""
    side = max(max(width, height) / (1 + (along - 1) * (1 - _OVERLAP)), least)
    columns, rows = _starts(width, side), _starts(height, side)
    tiles = tuple(
        Box(left, top, math.ceil(left + side), math.ceil(top + side)).inside(width, height)
        for top, left in product(rows, columns)
    )
    return Grid(width, height, side, tiles)


def _starts(length: int, side: float) -> list[int]:
    steps = math.ceil((length - side) / (side * (1 - _OVERLAP)) - 1e-6)
    return (
        [round(step * (length - side) / steps) for step in range(steps + 1)] if steps > 0 else [0]
    )


def useful_tiles(findings: Sequence[Finding], pixels: Pixels, network: tuple[int, int]) -> int:
    """How many tiles along the longer side would show these objects well; 0 where none are needed.

    That is so unless the picture is large and its objects are small in the network's input.
    """
    height, width = pixels.shape[:2]
    boxes = [finding.box for finding in findings if finding.box]
    if not boxes or max(width, height) < _LARGE * max(network):
        return 0
    across, down = network[0] / width, network[1] / height
    size: float = median(
        max((box.right - box.left) * across, (box.bottom - box.top) * down) for box in boxes
    )
    if size >= _SMALL:
        return 0
    along = 1 + math.ceil((_WELL_SEEN / max(size, 1) - 1) / (1 - _OVERLAP))
    return min(along, MOST_ALONG)


def look(
    engine: Engine,
    pixels: Pixels,
    *,
    confidence: float,
    nms: float,
    tiles: str,
    network: tuple[int, int],
) -> tuple[list[Finding], int]:
    """What is found in the whole picture and in its tiles, and the number of these."""
    height, width = pixels.shape[:2]
    # A sweep must see what its steps see: tiles are laid and findings weighed as if every one
    # were asked for, and the unsure ones go in the end.
    lowest = confidence if tiles == OFF else min(confidence, engine.floor)
    whole = [
        finding.inside(width, height) for finding in engine.find(pixels, confidence=lowest, nms=nms)
    ]
    if tiles == OFF:
        return whole, 0
    along = useful_tiles(whole, pixels, network) if tiles == AUTO else int(tiles)
    grid = make_grid(width, height, along=max(along, 1), least=max(network))
    number = len(grid.tiles) if len(grid.tiles) > 1 else 0
    if number:
        scale = max(width / network[0], height / network[1])
        sight = Sight(_HARDLY * scale, _WELL * scale)
        views = _look_closer(engine, pixels, grid, whole, sight, confidence=lowest, nms=nms)
        left = min(grid.reach, sight.hardly)  # to the tiles: whole in one, hardly seen otherwise
        seen = [one for one in whole if not one.box or length(one.box) > left]
        whole = merge([seen, *views], settled=sight.well)
    return [finding for finding in whole if finding.confidence > confidence], number


def _look_closer(
    engine: Engine,
    pixels: Pixels,
    grid: Grid,
    whole: list[Finding],
    sight: Sight,
    *,
    confidence: float,
    nms: float,
) -> list[list[Finding]]:
    """What each tile has to say beside the look at the whole picture."""

    def look_at(tile: Box) -> list[Finding]:
        check_deadline()
        part = pixels[tile.top : tile.bottom, tile.left : tile.right]
        found = _uncut(grid, tile, engine.find(part, confidence=confidence, nms=nms))
        return weigh(found, whole, sight)

    with ThreadPoolExecutor(cores()) as threads:
        running = [threads.submit(copy_context().run, look_at, tile) for tile in grid.tiles]
        return [one.result() for one in running]


def _uncut(grid: Grid, tile: Box, found: list[Finding]) -> list[Finding]:
    """Where they lie in the whole picture; those without a box say nothing of a place."""
    moved = []
    for finding in found:
        if finding.box is None:
            continue
        box = finding.box.inside(tile.right - tile.left, tile.bottom - tile.top)
        box = Box(
            box.left + tile.left, box.top + tile.top, box.right + tile.left, box.bottom + tile.top
        )
        if not grid.cuts(tile, box):
            moved.append(replace(finding, box=box))
    return moved
