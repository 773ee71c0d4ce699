"""Tiles: more is seen, nothing is counted twice, and their size does not change the count."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests

from countlab.cli import main
from countlab.client.client import Client, ServerRefused
from countlab.errors import CountlabError
from countlab.findings import Finding
from countlab.imaging.picture import Pixels, read_picture, write_picture
from countlab.inference.pipeline import Pipeline
from countlab.inference.predictor import Predictor
from countlab.inference.sweep import Sweep
from countlab.inference.tiling import find_in_tiles
from countlab.models.store import Store
from countlab.notebook import Server
from countlab.options import PredictOptions
from tests.conftest import ROOT
from tests.inference.test_merging import longer_than_well_seen

IMAGES = ROOT / "images"
CROWD = IMAGES / "crowds" / "long_table.jpg"


def known(folder: Path) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    with (folder / "truth.csv").open(newline="") as opened:
        for row in csv.DictReader(opened):
            counts.setdefault(row["file"], Counter())[row["object"]] = int(row["count"])
    return counts


def off_by(found: Sequence[Finding], truth: Counter[str]) -> int:
    counted = Counter(finding.label for finding in found)
    return sum(abs(counted[label] - truth[label]) for label in counted | truth)


def at_size(path: Path, width: int, height: int) -> Pixels:
    pixels = read_picture(path.read_bytes(), max_bytes=10**7, max_pixels=10**7).pixels
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def resized(path: Path, width: int, height: int) -> bytes:
    return write_picture(at_size(path, width, height), "JPEG")


@pytest.fixture(scope="module")
def in_tiles() -> Callable[[Pixels, str], list[Finding]]:
    """What the built-in model finds in pixels, as the pipeline has it, without its other work."""
    pipeline = Pipeline()
    model = pipeline.catalog.find(pipeline.settings.default_model)
    assert model.input == (416, 416)
    predictor = Predictor(pipeline.engine, model, Store().files(model))

    def found(pixels: Pixels, tiles: str) -> list[Finding]:
        return find_in_tiles(
            predictor,
            pixels,
            confidence=0.5,
            nms=model.nms,
            tiles=tiles,
            input_size=predictor.input_size,
        )[0]

    return found


@pytest.mark.slow
def test_the_size_of_tiles_hardly_changes_the_count_of_any_rendered_picture(
    in_tiles: Callable[[Pixels, str], list[Finding]],
) -> None:
    """Enlarged, so that small tiles cut the fruit: a single orange is wider than two of them.

    Nothing longer than 48 pixels of the network's input may change at all. Of what is shorter the
    detector itself may say another thing in a closer look: in one picture of five at most.
    """
    changed = {}
    errors: Counter[str] = Counter()
    for name, truth in known(IMAGES).items():
        pixels = at_size(IMAGES / name, 2400, 1800)
        counts = {}
        for tiles in ("off", "2", "3", "5"):
            found = in_tiles(pixels, tiles)
            large = longer_than_well_seen(found, pixels)
            if tiles == "off":
                once = large
            assert large == once, f"{name}, tiles={tiles}"
            counts[tiles] = Counter(finding.label for finding in found)
            errors[tiles] += off_by(found, truth)
        if any(count != counts["off"] for count in counts.values()):
            changed[name] = counts
    fruits = sum(truth.total() for truth in known(IMAGES).values())
    print(
        f"{len(changed)} of {len(known(IMAGES))} pictures change; errors {dict(errors)}, {fruits}"
    )
    assert len(changed) <= len(known(IMAGES)) / 5, changed
    assert max(errors.values()) <= errors["off"] + 0.05 * fruits, errors


@pytest.mark.slow
def test_pictures_side_by_side_are_counted_alike_in_tiles_of_any_size(
    in_tiles: Callable[[Pixels, str], list[Finding]],
) -> None:
    """Four tables of nine pictures each, at any place: a third as large, seams fall anywhere."""
    draw = np.random.default_rng(0)
    names = draw.permutation(sorted(known(IMAGES)))
    errors, counted, fruits = Counter[str](), Counter[str](), 0
    for first in range(0, 36, 9):
        table, truth = np.full((1800, 2400, 3), 120, np.uint8), Counter[str]()
        for place, name in enumerate(names[first : first + 9]):
            wide = int(draw.integers(600, 800))
            high = wide * 3 // 4
            left = place % 3 * 800 + int(draw.integers(0, 801 - wide))
            top = place // 3 * 600 + int(draw.integers(0, 601 - high))
            table[top : top + high, left : left + wide] = at_size(IMAGES / name, wide, high)
            truth += known(IMAGES)[name]
        fruits += truth.total()
        for tiles in ("off", "auto", "3", "4", "5"):
            found = in_tiles(table, tiles)
            errors[tiles] += off_by(found, truth)
            counted[tiles] += len(found)
    print(f"{fruits} fruits; counted {dict(counted)}; errors {dict(errors)}")
    for tiles in ("auto", "3", "4", "5"):
        assert errors[tiles] < errors["off"] / 2, errors
        assert abs(counted[tiles] - fruits) < fruits / 8, counted


def test_a_crowd_is_counted_in_tiles_and_not_without() -> None:
    pipeline, truth = Pipeline(), known(CROWD.parent)[CROWD.name]
    once = pipeline.predict(CROWD.read_bytes())
    tiled = pipeline.predict(CROWD.read_bytes(), PredictOptions(tiles="auto"))
    assert truth.total() >= 40
    assert off_by(once.findings, truth) >= 5
    assert off_by(tiled.findings, truth) <= 1
    assert tiled.tiles >= 6
    assert "small_objects" in {warning.code for warning in once.warnings}
    assert "small_objects" not in {warning.code for warning in tiled.warnings}


def test_auto_lays_no_tiles_on_small_pictures_or_large_objects() -> None:
    pipeline = Pipeline()
    close, small = resized(IMAGES / "oranges_1.jpg", 2400, 1800), resized(CROWD, 800, 600)
    empty = write_picture(np.full((1800, 2400, 3), 200, np.uint8), "JPEG")
    for data in (close, small, empty):
        plain, auto = pipeline.predict(data), pipeline.predict(data, PredictOptions(tiles="auto"))
        assert (auto.tiles, auto.findings) == (0, plain.findings)


def test_a_sweep_over_tiles_is_what_separate_requests_count() -> None:
    pipeline = Pipeline()
    data = CROWD.read_bytes()
    steps = Sweep(pipeline.predict(data, PredictOptions(tiles="auto", confidence=0.2))).steps
    for step in steps[::20]:
        alone = pipeline.predict(data, PredictOptions(tiles="auto", confidence=step.confidence))
        assert step.counts == alone.as_json()["counts"], step.confidence


def test_the_server_tells_how_many_tiles_it_laid(server: Server) -> None:
    client = Client(server.url)
    here = Pipeline().predict(CROWD.read_bytes(), PredictOptions(tiles="3"))
    answer = client.count(CROWD, tiles=3)
    assert (answer.count, answer.raw["tiles"]) == (here.count, here.tiles) == (here.count, 9)
    assert answer.raw["receipt"]["parameters"]["tiles"] == "3"
    picture = client.predict(CROWD, tiles=3)
    assert (picture.count, picture.tiles) == (here.count, 9)
    assert client.sweep(CROWD, tiles=3).raw["tiles"] == 9
    assert client.count(CROWD).raw["tiles"] == 0


def test_another_number_of_tiles_is_refused_with_those_there_are(server: Server) -> None:
    with pytest.raises(CountlabError) as refused:
        Pipeline().predict(b"", PredictOptions(tiles="9"))
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


def test_the_same_tiles_give_the_same_findings_alone_and_in_a_crowd() -> None:
    pipeline, data = Pipeline(), CROWD.read_bytes()
    alone = pipeline.predict(data, PredictOptions(tiles="2")).findings
    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(
                lambda _: pipeline.predict(data, PredictOptions(tiles="2")).findings, range(6)
            )
        )
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
