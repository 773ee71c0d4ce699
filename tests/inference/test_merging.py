"""Tiles and their seams, with engines that need no model: an object counts once, anywhere."""

from __future__ import annotations

from contextvars import copy_context

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from countlab.errors import CountlabError
from countlab.findings import Box, Finding
from countlab.imaging.picture import Pixels
from countlab.inference.merging import merge
from countlab.inference.predictor import Finder
from countlab.inference.tiling import Grid, find_in_tiles, make_grid
from countlab.options import MAX_TILES
from countlab.system.deadline import Deadline

NETWORK = 416, 416
NUMBERS = st.integers(2, MAX_TILES).map(str)


class DiscFinder:
    """An engine that sees every light disc, reduced to the network's input as real ones see it."""

    name, precision, floor = "discs", "f32", 0.2

    def find(self, pixels: Pixels, *, confidence: float, nms: float) -> list[Finding]:  # noqa: ARG002
        small = cv2.resize(pixels, NETWORK, interpolation=cv2.INTER_AREA)[:, :, 0]
        _, _, stats, _ = cv2.connectedComponentsWithStats((small > 127).astype(np.uint8))
        across, down = pixels.shape[1] / NETWORK[0], pixels.shape[0] / NETWORK[1]
        return [
            Finding(
                "disc",
                0.3 + 0.6 * min(1, wide * high / 10_000),  # the larger, the surer
                Box(round(left * across), round(top * down), round((left + wide) * across),
                    round((top + high) * down)),
            )
            for left, top, wide, high, _ in stats[1:].tolist()
            if min(wide, high) >= 4
        ]  # fmt: skip


def count_discs(pixels: Pixels, tiles: str, engine: Finder | None = None) -> int:
    found, _ = find_in_tiles(
        engine or DiscFinder(), pixels, confidence=0.2, nms=0.45, tiles=tiles, input_size=NETWORK
    )
    return len(found)


@st.composite
def apart(draw: st.DrawFn) -> tuple[int, int, list[tuple[int, int, int]]]:
    """A picture's size, and discs of any size in it that do not touch each other."""
    width, height = draw(st.integers(900, 2400)), draw(st.integers(900, 2400))
    discs: list[tuple[int, int, int]] = []
    for _ in range(draw(st.integers(0, 25))):
        radius = draw(st.sampled_from([22, 30, 45, 80, 160, 300]))
        x, y = (draw(st.integers(radius, side - radius)) for side in (width, height))
        if all(np.hypot(x - a, y - b) > radius + r + 20 for a, b, r in discs):
            discs.append((x, y, radius))
    return width, height, discs


@settings(max_examples=20, deadline=None)
@example((1480, 1847, [(191, 124, 30), (455, 362, 300)]), "5")  # small, in a large box's corner
@given(apart(), NUMBERS)
def test_discs_count_once_wherever_they_lie_and_whatever_the_tiles(
    drawn: tuple[int, int, list[tuple[int, int, int]]], number: str
) -> None:
    width, height, discs = drawn
    pixels = np.zeros((height, width, 3), np.uint8)
    for x, y, radius in discs:
        cv2.circle(pixels, (x, y), radius, (255, 255, 255), -1)
    for tiles in ("off", "auto", "2", number):
        assert count_discs(pixels, tiles) == len(discs), tiles


class Fickle:
    """An engine that has, of the same objects, another opinion in every look."""

    name, precision, floor = "fickle", "f32", 0.2

    def find(self, pixels: Pixels, *, confidence: float, nms: float) -> list[Finding]:  # noqa: ARG002
        high, wide = pixels.shape[:2]
        left, top, seed = pixels[0, 0].astype(int).tolist()
        there, opinion = np.random.default_rng(seed), np.random.default_rng([left, top, high, seed])
        sides = 10 * 40 ** there.uniform(0, 1, (40, 2))
        corners = there.uniform(-40, 1960, (40, 2)) - (8 * left, 8 * top)
        corners += sides * opinion.uniform(-0.05, 0.05, (40, 2))
        boxes = np.hstack([corners, corners + sides]).astype(int).clip(0, [wide, high] * 2)
        labels, sure = opinion.choice(["apple", "lemon"], 40), opinion.uniform(self.floor, 1, 40)
        every = zip(labels.tolist(), sure.tolist(), boxes.tolist(), strict=True)
        return [
            Finding(label, sure, Box(*box))
            for label, sure, box in every
            if sure > confidence and box[0] + 4 < box[2] and box[1] + 4 < box[3]
        ]


def coded(width: int, height: int, seed: int) -> Pixels:
    """Every pixel tells its place, in steps of eight, and the seed."""
    down, across = np.mgrid[:height, :width]
    return np.dstack([across // 8, down // 8, np.full_like(down, seed)]).astype(np.uint8)


def longer_than_well_seen(found: list[Finding], pixels: Pixels) -> list[Finding]:
    """In the network's input; docs/tiles.md says who judges what."""
    least = 48 * max(pixels.shape[1] / NETWORK[0], pixels.shape[0] / NETWORK[1])
    boxes = [(finding, finding.box) for finding in found if finding.box]
    return [one for one, box in boxes
            if max(box.right - box.left, box.bottom - box.top) > least]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    st.integers(600, 2000),
    st.integers(600, 2000),
    st.integers(0, 255),
    NUMBERS,
    st.floats(0.2, 0.8),
)
def test_whatever_an_engine_answers_tiles_leave_large_objects_and_confidence_alone(
    width: int, height: int, seed: int, tiles: str, confidence: float
) -> None:
    pixels = coded(width, height, seed)

    def found(tiles: str, confidence: float) -> list[Finding]:
        return find_in_tiles(
            Fickle(), pixels, confidence=confidence, nms=0.45, tiles=tiles, input_size=NETWORK
        )[0]

    large = longer_than_well_seen(found("off", confidence), pixels)
    large.sort(key=lambda finding: -finding.confidence)
    assert longer_than_well_seen(found(tiles, confidence), pixels) == large
    for way in (tiles, "auto"):
        surer = [one for one in found(way, 0) if one.confidence > confidence]
        assert found(way, confidence) == surer, "a higher confidence only takes away"


def test_discs_too_small_for_one_pass_are_found_in_tiles() -> None:
    pixels = np.zeros((2000, 2600, 3), np.uint8)
    for x in range(100, 2600, 200):
        for y in range(100, 2000, 200):
            cv2.circle(pixels, (x, y), 9, (255, 255, 255), -1)
    assert count_discs(pixels, "off") == 0
    assert count_discs(pixels, "4") == 13 * 10


@settings(max_examples=60, deadline=None)
@given(
    st.integers(420, 6000),
    st.integers(420, 6000),
    st.integers(2, 8),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_an_object_within_reach_is_whole_in_some_tile(
    width: int, height: int, along: int, x: float, y: float
) -> None:
    grid = make_grid(width, height, along=along, min_side=416)
    wide, high = (min(int(grid.reach) - 2, length) for length in (width, height))
    left, top = round(x * (width - wide)), round(y * (height - high))
    box = Box(left, top, left + wide, top + high)
    assert any(sees_whole(grid, tile, box) for tile in grid.tiles)
    assert len({(tile.left, tile.top) for tile in grid.tiles}) == len(grid.tiles) <= 64
    for tile in grid.tiles:
        wide, high = tile.right - tile.left, tile.bottom - tile.top
        assert max(wide, high) >= 416
        assert min(wide, high) >= min(width, height, grid.side) - 1, "square where there is room"


def sees_whole(grid: Grid, tile: Box, box: Box) -> bool:
    within = tile.left <= box.left and tile.top <= box.top
    within = within and box.right <= tile.right and box.bottom <= tile.bottom
    return within and not grid.cuts(tile, box)


def found(label: str, confidence: float, *box: int) -> Finding:
    return Finding(label, confidence, Box(*box))


ORANGE, APPLE = found("orange", 0.9, 0, 0, 200, 200), found("apple", 0.9, 0, 0, 200, 200)
CASES: dict[str, tuple[list[list[Finding]], int]] = {
    "seen twice": ([[ORANGE], [found("orange", 0.8, 2, 1, 210, 200)]], 1),
    "called twice": ([[ORANGE], [found("apple", 0.8, 2, 1, 210, 200)]], 1),
    "beside each other": ([[ORANGE], [found("orange", 0.8, 120, 0, 320, 200)]], 2),
    "a part of it": ([[APPLE], [found("apple", 0.8, 90, 90, 200, 200)]], 1),
    "in its box's corner": ([[APPLE], [found("apple", 0.8, 0, 0, 40, 40)]], 2),
    "in a bowl": (
        [[found("bowl", 0.9, 0, 0, 200, 200)], [found("apple", 0.8, 90, 90, 140, 140)]],
        2,
    ),
    "of one view": ([[ORANGE, found("orange", 0.8, 20, 20, 220, 220)]], 2),
    "nothing": ([[], []], 0),
}


@pytest.mark.parametrize("case", CASES)
def test_one_object_in_several_views_counts_once(case: str) -> None:
    views, count = CASES[case]
    assert len(merge(views)) == len(merge(views[::-1])) == count


def test_nobody_looks_on_when_the_client_has_gone() -> None:
    def late() -> None:
        Deadline(0).activate()
        count_discs(np.zeros((1000, 1000, 3), np.uint8), "2")

    with pytest.raises(CountlabError) as stopped:
        copy_context().run(late)
    assert stopped.value.code == "took_too_long"
