"""Tiling: looking at overlapping tiles of a picture, for more objects than one pass can hold.

Each object is judged by the pass that sees it best: a small one by the tiles, a large one by the
pass over the whole picture, one in between by both. What two passes find counts once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from itertools import product
from statistics import median

from countlab.findings import Box, Finding
from countlab.imaging.picture import Pixels
from countlab.inference.merging import SizeRange, length, merge, weigh
from countlab.inference.predictor import Finder
from countlab.options import MAX_TILES
from countlab.system.cpu import cores
from countlab.system.deadline import check_deadline

OFF, AUTO = "off", "auto"

_OVERLAP = 0.25  # of a tile's side, shared with the next tile
_MARGIN = 0.03  # of a tile's side: a box that ends nearer to a seam may be a part of an object
# Pixels of the network's input. Of shorter objects a pass over the whole picture misses many that
# a tile shows; of longer ones none, and only the tile takes other things for them.
_BARELY_VISIBLE, _CLEARLY_VISIBLE = 24.0, 48.0
_SMALL = 32.0  # pixels of the network's input; the detectors here begin to miss what is smaller
_ENLARGED = 64.0  # what `auto` enlarges small objects to
_LARGE_PICTURE = 2.0  # times the network's input: smaller pictures hold little more than it shows


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


def make_grid(width: int, height: int, *, along: int, min_side: int) -> Grid:
    """So many tiles along the longer side, fewer where they would be smaller than `min_side`."""
    side = max(max(width, height) / (1 + (along - 1) * (1 - _OVERLAP)), min_side)
    columns, rows = _starts(width, side), _starts(height, side)
    tiles = tuple(
        Box(left, top, math.ceil(left + side), math.ceil(top + side)).clipped(width, height)
        for top, left in product(rows, columns)
    )
    return Grid(width, height, side, tiles)


def _starts(length: int, side: float) -> list[int]:
    steps = math.ceil((length - side) / (side * (1 - _OVERLAP)) - 1e-6)
    return (
        [round(step * (length - side) / steps) for step in range(steps + 1)] if steps > 0 else [0]
    )


def useful_tiles(
    findings: Sequence[Finding], picture_size: tuple[int, int], input_size: tuple[int, int]
) -> int:
    """How many tiles along the longer side would show these objects well; 0 if none are needed.

    None are needed unless the picture is large and its objects are small in the network's input.
    """
    width, height = picture_size
    boxes = [finding.box for finding in findings if finding.box]
    if not boxes or max(width, height) < _LARGE_PICTURE * max(input_size):
        return 0
    scale_x, scale_y = input_size[0] / width, input_size[1] / height
    size: float = median(max(box.width * scale_x, box.height * scale_y) for box in boxes)
    if size >= _SMALL:
        return 0
    along = 1 + math.ceil((_ENLARGED / max(size, 1) - 1) / (1 - _OVERLAP))
    return min(along, MAX_TILES)


def find_in_tiles(
    finder: Finder,
    pixels: Pixels,
    *,
    confidence: float,
    nms: float,
    tiles: str,
    input_size: tuple[int, int],
) -> tuple[list[Finding], int]:
    """The findings of the whole picture and its tiles, and the number of tiles."""
    height, width = pixels.shape[:2]
    # A sweep must find what its steps find: tiles are laid and findings weighed as if everything
    # were asked for, and what is below the confidence is dropped at the end.
    lowest = confidence if tiles == OFF else min(confidence, finder.floor)
    findings = [
        finding.clipped(width, height)
        for finding in finder.find(pixels, confidence=lowest, nms=nms)
    ]
    if tiles == OFF:
        return findings, 0
    along = useful_tiles(findings, (width, height), input_size) if tiles == AUTO else int(tiles)
    grid = make_grid(width, height, along=max(along, 1), min_side=max(input_size))
    number = len(grid.tiles) if len(grid.tiles) > 1 else 0
    if number:
        scale = max(width / input_size[0], height / input_size[1])
        visible = SizeRange(_BARELY_VISIBLE * scale, _CLEARLY_VISIBLE * scale)
        views = _find_in_each(finder, pixels, grid, findings, visible, confidence=lowest, nms=nms)
        # Shorter objects are left to the tiles: they lie whole in one, and are barely visible here.
        shortest = min(grid.reach, visible.barely)
        large = [
            finding for finding in findings if not finding.box or length(finding.box) > shortest
        ]
        findings = merge([large, *views], settled=visible.clearly)
    return [finding for finding in findings if finding.confidence > confidence], number


def _find_in_each(
    finder: Finder,
    pixels: Pixels,
    grid: Grid,
    whole: list[Finding],
    visible: SizeRange,
    *,
    confidence: float,
    nms: float,
) -> list[list[Finding]]:
    """What each tile adds to the findings of the whole picture."""

    def find_in(tile: Box) -> list[Finding]:
        check_deadline()
        part = pixels[tile.top : tile.bottom, tile.left : tile.right]
        findings = finder.find(part, confidence=confidence, nms=nms)
        return weigh(_in_picture(grid, tile, findings), whole, visible)

    with ThreadPoolExecutor(cores()) as threads:
        running = [threads.submit(copy_context().run, find_in, tile) for tile in grid.tiles]
        return [future.result() for future in running]


def _in_picture(grid: Grid, tile: Box, findings: list[Finding]) -> list[Finding]:
    """A tile's findings where they lie in the picture, without those that its seams cut."""
    moved = []
    for finding in findings:
        if finding.box is None:
            continue
        box = finding.box.clipped(tile.width, tile.height)
        box = Box(
            box.left + tile.left, box.top + tile.top, box.right + tile.left, box.bottom + tile.top
        )
        if not grid.cuts(tile, box):
            moved.append(replace(finding, box=box))
    return moved
