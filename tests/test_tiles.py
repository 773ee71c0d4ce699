"""Tiles: more is seen, nothing is counted twice, and their size does not change the count."""

from __future__ import annotations

import csv
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from countlab.cli import main
from countlab.client import Client, ServerRefused
from countlab.engines import Engine
from countlab.errors import CountlabError
from countlab.findings import Box, Finding
from countlab.images import Pixels, read_picture, write_picture
from countlab.notebook import Server
from countlab.patience import Patience
from countlab.pipeline import Pipeline
from countlab.prediction import Prediction
from countlab.seams import merge
from countlab.sweep import Sweep
from countlab.tiles import Grid, lay_tiles, look

IMAGES = Path(__file__).parent.parent / "images"
CROWD = IMAGES / "crowds" / "long_table.jpg"
NETWORK = 416, 416


def truth_of(folder: Path, file: str) -> Counter[str]:
    with (folder / "truth.csv").open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["file"] == file]
    return Counter({row["object"]: int(row["count"]) for row in rows})


def off_by(prediction: Prediction, truth: Counter[str]) -> int:
    counted = Counter(finding.label for finding in prediction.findings)
    return sum(abs(counted[label] - truth[label]) for label in counted | truth)


def resized(path: Path, width: int, height: int) -> bytes:
    pixels = read_picture(path.read_bytes(), max_bytes=10**7, max_pixels=10**7).pixels
    return write_picture(cv2.resize(pixels, (width, height)).astype(np.uint8), "JPEG")


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


def count_discs(pixels: Pixels, tiles: str, engine: Engine | None = None) -> int:
    found, _ = look(
        engine or DiscFinder(), pixels, confidence=0.2, nms=0.45, tiles=tiles, network=NETWORK
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
@example((1480, 1847, [(191, 124, 30), (455, 362, 300)]))  # small, in the corner of a large box
@given(apart())
def test_discs_count_once_wherever_they_lie_and_whatever_the_tiles(
    drawn: tuple[int, int, list[tuple[int, int, int]]],
) -> None:
    width, height, discs = drawn
    pixels = np.zeros((height, width, 3), np.uint8)
    for x, y, radius in discs:
        cv2.circle(pixels, (x, y), radius, (255, 255, 255), -1)
    for tiles in ("off", "auto", "2", "5"):
        assert count_discs(pixels, tiles) == len(discs), tiles


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
    grid = lay_tiles(width, height, along=along, least=416)
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


STEADY = ["oranges_0", "oranges_1", "apples_2", "bananas_2", "lemons_3", "oranges_12"]


@pytest.mark.parametrize("name", STEADY)
def test_the_size_of_tiles_does_not_change_the_count_of_rendered_fruit(name: str) -> None:
    """Enlarged, so that small tiles cut the fruit: a single orange is wider than two of them."""
    data = resized(IMAGES / f"{name}.jpg", 2400, 1800)
    pipeline, truth = Pipeline(), truth_of(IMAGES, f"{name}.jpg")
    laid = []
    for tiles in ("off", 2, 3, 5):
        prediction = pipeline.predict(data, tiles=tiles)
        laid.append(prediction.tiles)
        assert off_by(prediction, truth) == 0, f"tiles={tiles}: {prediction.findings}"
    assert laid == sorted(set(laid))


def test_a_crowd_is_counted_in_tiles_and_not_without() -> None:
    pipeline, truth = Pipeline(), truth_of(CROWD.parent, CROWD.name)
    once = pipeline.predict(CROWD.read_bytes())
    tiled = pipeline.predict(CROWD.read_bytes(), tiles="auto")
    assert truth.total() >= 40
    assert off_by(once, truth) >= 5
    assert off_by(tiled, truth) <= 1
    assert tiled.tiles >= 6
    assert "small_objects" in {doubt.code for doubt in once.doubts}
    assert "small_objects" not in {doubt.code for doubt in tiled.doubts}


def test_auto_lays_no_tiles_on_small_pictures_or_large_objects() -> None:
    pipeline = Pipeline()
    close, small = resized(IMAGES / "oranges_1.jpg", 2400, 1800), resized(CROWD, 800, 600)
    empty = write_picture(np.full((1800, 2400, 3), 200, np.uint8), "JPEG")
    for data in (close, small, empty):
        plain, auto = pipeline.predict(data), pipeline.predict(data, tiles="auto")
        assert (auto.tiles, auto.findings) == (0, plain.findings)


def test_a_sweep_over_tiles_is_what_separate_requests_count() -> None:
    pipeline = Pipeline()
    data = CROWD.read_bytes()
    steps = Sweep(pipeline.predict(data, tiles="auto", confidence=0.2)).steps
    for step in steps[::20]:
        alone = pipeline.predict(data, tiles="auto", confidence=step.confidence)
        assert step.counts == alone.as_json()["counts"], step.confidence


def test_the_server_tells_how_many_tiles_it_laid(server: Server) -> None:
    client = Client(server.url)
    here = Pipeline().predict(CROWD.read_bytes(), tiles=3)
    answer = client.count(CROWD, tiles=3)
    assert (answer.count, answer.raw["tiles"]) == (here.count, here.tiles) == (here.count, 9)
    assert answer.raw["receipt"]["parameters"]["tiles"] == "3"
    picture = client.predict(CROWD, tiles=3)
    assert (picture.count, picture.tiles) == (here.count, 9)
    assert client.sweep(CROWD, tiles=3).raw["tiles"] == 9
    assert client.count(CROWD).raw["tiles"] == 0


def test_another_number_of_tiles_is_refused_with_those_there_are(server: Server) -> None:
    with pytest.raises(CountlabError) as refused:
        Pipeline().predict(b"", tiles=9)
    assert refused.value.code == "unknown_tiles"
    clients = {"Choose": Client(server.url), "Elige": Client(server.url, language="es")}
    for word, client in clients.items():
        with pytest.raises(ServerRefused) as answer:
            client.count(CROWD, tiles="many")
        assert (answer.value.status, answer.value.code) == (422, "unknown_tiles")
        assert "off, auto, 2, 3" in answer.value.detail
        assert answer.value.fix.startswith(word)
    one = {"files": ("a.jpg", CROWD.read_bytes())}
    batch = requests.post(f"{server.url}/predict/batch?tiles=1", files=one, timeout=60)
    assert batch.status_code == 422, "what is asked of all pictures is refused once"


def test_what_the_document_says_of_the_crowd_is_what_its_lines_print(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(IMAGES.parent)
    document = Path("docs/tiles.md").read_text(encoding="utf-8")
    exec(document.partition("```python\n")[2].partition("```")[0], {})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 3
    for line in printed:
        but_time = line.rpartition("| ")[0]
        assert but_time in document, f"docs/tiles.md does not say {but_time}: run its lines again"


def test_nobody_looks_on_when_the_client_has_gone() -> None:
    def late() -> None:
        Patience(0).begin()
        count_discs(np.zeros((1000, 1000, 3), np.uint8), "2")

    with pytest.raises(CountlabError) as stopped:
        copy_context().run(late)
    assert stopped.value.code == "took_too_long"


def test_the_same_tiles_give_the_same_findings_alone_and_in_a_crowd() -> None:
    pipeline, data = Pipeline(), CROWD.read_bytes()
    alone = pipeline.predict(data, tiles=2).findings
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: pipeline.predict(data, tiles=2).findings, range(6)))
    assert all(answer == alone for answer in answers)


def test_tiles_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for tiles, status in (("3", 0), ("9", 1)):
        with pytest.raises(SystemExit) as end:
            main(["count", str(CROWD), "--json", "--tiles", tiles])
        assert end.value.code == status
        told = capsys.readouterr()
        if status:
            assert "off, auto, 2, 3" in told.err
        else:
            (entry,) = json.loads(told.out)["results"]
            assert entry["result"]["tiles"] == 9
