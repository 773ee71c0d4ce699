"""What each format says: likely ranges and warnings in all of them, classes of a classifier."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from countlab.cli.columns import Column, LiveTable, display_width, printable
from countlab.cli.count_output import CLASS_COLUMNS, COUNT_COLUMNS
from countlab.inference.pipeline import Pipeline
from countlab.models.catalog import read_catalog
from tests.conftest import ROOT, Run

PHOTO = ROOT / "images" / "fruits.jpg"


def test_every_format_has_the_likely_range_and_the_codes_of_warnings(run: Run) -> None:
    expected = Pipeline().predict(PHOTO.read_bytes()).as_json()
    low, high = expected["likely"]
    codes = [warning["code"] for warning in expected["warnings"]]
    assert codes, "the photo must have a warning for this test"
    table = run("count", PHOTO)[1]
    heading, line = table.splitlines()[:2]
    assert heading.split()[:3] == ["picture", "count", "likely"]
    assert line.split()[1:3] == [str(expected["count"]), f"{low}–{high}"]
    assert line.endswith("  " + " ".join(codes))
    assert len(codes) == len(set(codes)), "each warning is told once"
    row = next(csv.DictReader(io.StringIO(run("count", PHOTO, "--csv")[1])))
    assert tuple(row) == COUNT_COLUMNS
    assert (row["total"], row["likely_low"], row["likely_high"]) == tuple(
        str(number) for number in (expected["count"], low, high)
    )
    assert row["warnings"].split() == codes
    for format in ("json", "ndjson"):
        document = json.loads(run("count", PHOTO, "--format", format)[1])
        entry = document["results"][0] if format == "json" else document
        assert entry["result"]["likely"] == [low, high]
        assert [warning["code"] for warning in entry["result"]["warnings"]] == codes


def test_two_formats_are_one_too_many(run: Run) -> None:
    status, _, err = run("count", PHOTO, "--ndjson", "--format", "csv")
    assert status == 2
    assert "--csv, --ndjson" in err


def test_the_table_of_count_and_of_history_have_the_same_columns(run: Run, home: Path) -> None:
    from countlab.client import Client
    from countlab.notebook import serve
    from countlab.server import create_app
    from countlab.settings import Settings

    server = serve(create_app(settings=Settings(home=home), history=True), port=0)
    Client(server.url).count(PHOTO)
    (kept,) = Client(server.url).history()
    server.stop()
    run("--help")  # what the server printed is not the table
    counted = [line.split() for line in run("count", PHOTO)[1].splitlines()]
    listed = run("history")[1].splitlines()
    assert listed[0].split()[2:] == counted[0]
    assert listed[1].split()[3:5] == counted[1][1:3], "the count and its likely range"
    assert "–".join(map(str, kept["likely"])) == counted[1][2]
    (exported,) = csv.DictReader(io.StringIO(run("history", "--csv")[1]))
    assert [int(exported["likely_low"]), int(exported["likely_high"])] == kept["likely"]
    searched = run("history", "--object", "orange")[1].splitlines()
    assert searched == listed, "the quick listing and the search print the same"


def test_a_classifier_gives_class_and_probability(run: Run) -> None:
    classifiers = [m.name for m in read_catalog(Path("none")).models.values()
                   if m.task == "classify" and m.origin == "built-in"]  # fmt: skip
    if not classifiers:
        pytest.skip("needs a built-in classifier")
    options = "count", PHOTO, "--model", classifiers[0]
    heading, row = run(*options)[1].splitlines()[:2]
    assert heading.split()[:3] == ["picture", "class", "probability"]
    (line,) = csv.DictReader(io.StringIO(run(*options, "--csv")[1]))
    assert tuple(line) == CLASS_COLUMNS
    assert f"{float(line['probability']):.1%}" in row
    assert line["class"] in row


def test_a_file_name_cannot_speak_to_the_terminal() -> None:
    assert printable("a\x1b[31m.jpg") == "a\\x1b[31m.jpg"
    assert printable("naranja ñ 橙.jpg") == "naranja ñ 橙.jpg"


def test_columns_are_aligned_in_cells(capsys: pytest.CaptureFixture[str]) -> None:
    table = LiveTable([Column("name", 8), Column("count", right=True)])
    table.row("橙", "3")
    table.row("limo\u0301n", "12")
    lines = capsys.readouterr().out.splitlines()
    assert len({display_width(line) for line in lines}) == 1
